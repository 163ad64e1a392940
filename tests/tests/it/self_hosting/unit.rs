//! Its systemd unit.

use e2e::peer::{available, runs};
use e2e::{Home, bin};

use super::{blocks, command, replaced, sh};

#[tokio::test]
async fn systemd_takes_the_unit() {
    if !available("systemd-analyze", runs("systemd-analyze")) {
        return;
    }
    let home = Home::new();
    let file = home.path().join("codestream.service").display().to_string();
    let program = bin("codestream-server-stub").display().to_string();
    // It looks for the program.
    let unit = replaced(
        blocks("ini")[0],
        &[("/usr/local/bin/codestream-server-stub", &program)],
    );
    std::fs::write(&file, unit).expect("a file");
    let verify = replaced(
        &command("systemd-analyze verify"),
        &[("/etc/systemd/system/codestream.service", &file)],
    );
    let output = sh(&home, &verify).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(!output.stderr.contains("codestream.service"), "{output:?}");
}
