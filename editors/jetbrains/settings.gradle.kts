rootProject.name = "codestream"
