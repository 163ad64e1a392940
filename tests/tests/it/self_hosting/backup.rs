//! Its backup, and the way back from it.

use e2e::peer::{available, runs};
use e2e::{Home, Http, Kept, Stub};

use super::{command, replaced, sh};
use crate::scene::Scene;

#[tokio::test]
async fn a_backup_brings_sessions_and_accounts_back() {
    let (kept, home) = (Kept::new(), Home::new());
    let url = kept.url();
    let (backup, restore): (String, Vec<String>) = if let Some(database) = url.strip_prefix("sqlite:") {
        if !available("sqlite3", runs("sqlite3")) {
            return;
        }
        let here = [
            ("/var/lib/codestream/server.db", database),
            ("/var/backups/", "./"),
        ];
        let restore = [command("rm -f"), command("install -m 0600 -o codestream")];
        (
            replaced(&command("sqlite3"), &here),
            vec![
                replaced(&restore[0], &here[..1]),
                replaced(&restore[1], &here).replace("-o codestream -g codestream ", ""),
            ],
        )
    } else {
        let ours = |command: &str, name: &str| {
            let url = format!("'{url}'");
            replaced(
                command,
                &[
                    ("runuser -u postgres -- ", ""),
                    ("/var/backups/", "./"),
                    (name, &name.replace("codestream", &url)),
                ],
            )
        };
        (
            ours(&command("pg_dump"), "custom codestream"),
            vec![ours(&command("pg_restore"), "--dbname=codestream")],
        )
    };
    let mut scene = Scene::of(Stub::builder().single().keeping(&kept)).await;
    let (ide, user) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    ide.finish().await;
    let output = sh(&home, &backup).await;
    assert_eq!(output.code, Some(0), "{backup}: {output:?}");
    let later = scene.control().user().await;
    let me = |stub: &Stub| stub.url("/users/me");
    let http = Http::new();
    assert_eq!(
        http.get(&me(&scene.stub), Some(&later.access_token)).await.status,
        200
    );
    let Scene { stub, .. } = scene;
    assert_eq!(stub.stop().await.0, Some(0));

    for command in restore {
        let output = sh(&home, &command).await;
        assert_eq!(output.code, Some(0), "{command}: {output:?}");
    }
    let scene = Scene::of(Stub::builder().single().keeping(&kept)).await;
    let lost = http.get(&me(&scene.stub), Some(&later.access_token)).await;
    assert_eq!(lost.status, 401, "who came after the backup is not in it");
    let ide = scene.window(scene.ide(), &user).await;
    assert_eq!(ide.account("github").await.expect("an account").who, "mona");
    ide.finish().await;
}
