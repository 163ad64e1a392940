//! A disk that takes no writes for a while: what fails is told, reads go on, and writes are kept again once it is back.

use e2e::{Http, Kept, Stub};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::scene::Scene;

/// As a full disk: no file of the process grows past the first page.
fn fill(stub: &Stub) {
    limit(stub, Some(4096));
}

fn free(stub: &Stub) {
    limit(stub, None);
}

fn limit(stub: &Stub, bytes: Option<u64>) {
    let id = i32::try_from(stub.id()).expect("a process id");
    let limit = Rlimit {
        current: bytes,
        maximum: None,
    };
    prlimit(Pid::from_raw(id), Resource::Fsize, limit).expect("a limit of our own child");
}

async fn on_a_disk() -> (Scene, Kept) {
    let kept = Kept::in_file();
    let scene = Scene::of(Stub::builder().single().keeping(&kept)).await;
    (scene, kept)
}

#[tokio::test]
async fn after_a_full_disk_every_write_is_kept_again() {
    let (mut scene, _kept) = on_a_disk().await;
    let (ide, user) = scene.signed_in().await;
    let http = Http::new();
    let code = scene
        .stub
        .url(&format!("/provider-auth-code?teamId={}", user.team_id));
    let status = scene.stub.url("/no-auth/status");
    let me = scene.stub.url("/users/me");
    let token = Some(user.access_token.as_str());

    fill(&scene.stub);
    for _ in 0..3 {
        let refused = http.get(&code, token).await;
        assert_eq!(refused.status, 503, "{}", refused.text);
        assert_eq!(refused.header("retry-after"), "2");
    }
    let told = http.get(&status, None).await;
    assert_eq!((told.status.as_u16(), told.text.as_str()), (503, "store"));
    assert_eq!(http.get(&me, token).await.status, 200, "reads go on");
    scene.stub.logs("the store takes no writes").await;

    free(&scene.stub);
    let kept = http.get(&code, token).await;
    assert_eq!(kept.status, 200, "{}", kept.text);
    assert_eq!(http.get(&status, None).await.text, "OK");
    scene.connect(&ide, "github").await;
    ide.finish().await;
}

#[tokio::test]
async fn a_database_file_that_was_deleted_is_noticed() {
    let (scene, kept) = on_a_disk().await;
    let metrics = scene.stub.url("/no-auth/status");
    let http = Http::new();
    assert_eq!(http.get(&metrics, None).await.text, "OK");
    std::fs::remove_file(kept.file()).expect("the file");
    // A commit of the last seconds would still count: the clock of the process is not ours, so the answer is awaited.
    let noticed = async {
        loop {
            let status = http.get(&metrics, None).await;
            if status.status == 503 {
                return status;
            }
        }
    };
    let told = tokio::time::timeout(e2e::PATIENCE, noticed)
        .await
        .expect("noticed");
    assert_eq!(told.text, "store");
    scene.stub.logs("deleted or replaced").await;
}

#[tokio::test]
async fn a_second_server_on_the_same_file_ends_with_one_line() {
    let (scene, kept) = on_a_disk().await;
    let home = e2e::Home::new();
    let mut second = home.command(&e2e::bin("codestream-server-stub"));
    second
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--sandbox",
            "--sandbox-listen",
            "127.0.0.1:0",
        ])
        .args(["--database", &kept.url()]);
    let output = e2e::run(second).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(
        output.stderr.contains("another server uses this database"),
        "{output:?}"
    );
    drop(scene);
}
