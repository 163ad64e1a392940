//! Finding the binaries under test. Owns the one nested build; knows nothing about what they do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The path of a binary of the workspace. The first call in a process builds them all, in the profile of the running
/// executable; `CODESTREAM_BIN_DIR` names a directory of finished ones instead.
///
/// # Panics
/// When the build fails or there is no such binary.
#[expect(
    clippy::disallowed_methods,
    reason = "where binaries are is the environment's to say"
)]
pub fn bin(name: &str) -> PathBuf {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    if let Some(dir) = std::env::var_os("CODESTREAM_BIN_DIR") {
        let path = Path::new(&dir).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        assert!(path.is_file(), "there is no {}", path.display());
        return path;
    }
    let built = BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        build(Path::new(&cargo))
    });
    built
        .get(name)
        .unwrap_or_else(|| panic!("the workspace has no binary `{name}`, only {:?}", built.keys()))
        .clone()
}

fn build(cargo: &Path) -> BTreeMap<String, PathBuf> {
    let exe = std::env::current_exe().expect("a running executable has a path");
    let mut command = Command::new(cargo);
    // Some build scripts ask to run again when these change: this build and then the next outer one would begin at ring.
    std::env::vars_os()
        .filter(|(name, _)| is_of_package(&name.to_string_lossy()))
        .for_each(|(name, _)| {
            command.env_remove(name);
        });
    let output = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--workspace",
            "--bins",
            "--quiet",
            "--message-format=json-render-diagnostics",
        ])
        .args(same_place(&exe))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "`cargo build --workspace --bins` failed");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| executable(&serde_json::from_str(line).ok()?))
        .collect()
}

/// Whether a variable is what cargo tells a program that it runs about the program's own package.
fn is_of_package(variable: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_"]
        .iter()
        .any(|prefix| variable.starts_with(prefix))
}

/// A `compiler-artifact` message of cargo that is a binary.
fn executable(message: &Value) -> Option<(String, PathBuf)> {
    let path = message["executable"].as_str()?;
    let is_bin = message["target"]["kind"]
        .as_array()?
        .iter()
        .any(|kind| kind == "bin");
    is_bin.then(|| {
        Some((
            message["target"]["name"].as_str()?.to_owned(),
            PathBuf::from(path),
        ))
    })?
}

/// Arguments for a build into the target directory, profile and target triple of `exe`, which is
/// `<target>[/<triple>]/<profile>[/deps|/examples]/<name>`.
fn same_place(exe: &Path) -> Vec<String> {
    let Some(root) = exe.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file()) else {
        return Vec::new();
    };
    let below: Vec<_> = exe
        .strip_prefix(root)
        .into_iter()
        .flat_map(Path::components)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    arguments(&root.to_string_lossy(), &below)
}

fn arguments(root: &str, below: &[String]) -> Vec<String> {
    let mut dirs: Vec<_> = below.iter().map(String::as_str).collect();
    dirs.pop();
    if matches!(dirs.last(), Some(&("deps" | "examples"))) {
        dirs.pop();
    }
    let mut arguments = vec!["--target-dir".to_owned(), root.to_owned()];
    if let Some(profile) = dirs.pop() {
        let profile = if profile == "debug" { "dev" } else { profile };
        arguments.extend(["--profile".to_owned(), profile.to_owned()]);
    }
    if let Some(triple) = dirs.pop() {
        arguments.extend(["--target".to_owned(), triple.to_owned()]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nested_build_goes_where_the_running_one_went() {
        for (path, expected) in [
            ("debug/deps/it-0123", "--target-dir /t --profile dev"),
            ("debug/demo", "--target-dir /t --profile dev"),
            ("release/demo", "--target-dir /t --profile release"),
            (
                "aarch64-apple-darwin/ci/deps/it-0123",
                "--target-dir /t --profile ci --target aarch64-apple-darwin",
            ),
        ] {
            let below: Vec<_> = path.split('/').map(str::to_owned).collect();
            assert_eq!(arguments("/t", &below).join(" "), expected, "{path}");
        }
    }
}
