// The release build: the same sources against JetBrains' SDK, checked by JetBrains' plugin verifier. It needs JetBrains'
// repositories; pom.xml builds and tests without them.
plugins {
    java
    alias(libs.plugins.intellij.platform)
}

group = "com.codestream.jetbrains"
version = "0.1.0"

repositories {
    mavenCentral()
    intellijPlatform {
        defaultRepositories()
    }
}

dependencies {
    implementation(libs.gson)
    implementation(libs.lsp4j)
    intellijPlatform {
        // The oldest platform that plugin.xml allows: what compiles here runs in all later ones, or the verifier says so.
        intellijIdeaCommunity("2023.3.8")
        pluginVerifier()
        zipSigner()
    }
}

java {
    toolchain {
        languageVersion = JavaLanguageVersion.of(17)
    }
}

// `platform` stands in for the SDK and has no place here.
sourceSets {
    main {
        java.setSrcDirs(listOf("core/src/main/java", "ide/src/main/java"))
        resources.setSrcDirs(listOf("ide/src/main/resources"))
    }
    test {
        java.setSrcDirs(emptyList<String>())
    }
}

val webView = layout.projectDirectory.dir("../webview/dist")
val agents = layout.projectDirectory.dir("../../target/agents")

tasks {
    processResources {
        from(webView) {
            into("codestream-webview")
        }
        doFirst {
            require(webView.file("index.html").asFile.isFile) {
                "The web view is not built: run `npm ci` and `npm run build` in editors/webview first."
            }
        }
    }
    prepareSandbox {
        from(agents) {
            into("${project.name}/agent")
            filePermissions { unix("0755") }
        }
        from("../../LICENSE") {
            into(project.name)
        }
    }
}

intellijPlatform {
    buildSearchableOptions = false
    pluginConfiguration {
        ideaVersion {
            sinceBuild = "233"
            untilBuild = provider { null }
        }
    }
    pluginVerification {
        ides {
            recommended()
        }
    }
    signing {
        certificateChain = providers.environmentVariable("CERTIFICATE_CHAIN")
        privateKey = providers.environmentVariable("PRIVATE_KEY")
        password = providers.environmentVariable("PRIVATE_KEY_PASSWORD")
    }
    publishing {
        token = providers.environmentVariable("PUBLISH_TOKEN")
    }
}
