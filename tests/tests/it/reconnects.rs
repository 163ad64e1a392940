//! A thousand reconnects, a minute apart by the agent's clock: neither process grows.

use std::time::Duration;

use codestream_protocol::lsp::notification::ConnectionStatus;
use e2e::methods::ConnectionChanged;
use e2e::peer::available;
use e2e::{HeadlessIde, Jumps, Kept, Stub, TimeShift, Usage};

use crate::scene::{Scene, listening};

const RECONNECTS: usize = 1000;
/// By then every buffer and pool has its size.
const WARM: usize = 200;
/// What allocators keep is not given back page by page.
const ROOM_KIB: u64 = 2048;
/// A connection that is being closed while they are counted.
const ROOM_DESCRIPTORS: usize = 4;

async fn reconnect(scene: &Scene, ide: &HeadlessIde, clock: &mut TimeShift) {
    // The connection has stood for a minute, so it is dialled again without delay.
    clock.forward(Duration::from_mins(1));
    scene.proxy().cut();
    ide.await_notification::<ConnectionChanged>(|change| change.status != ConnectionStatus::Reconnected)
        .await;
    listening(ide).await;
}

fn usages(scene: &Scene, ide: &HeadlessIde) -> Option<[Usage; 2]> {
    Some([Usage::of(ide.id())?, Usage::of(scene.stub.id())?])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_descriptors_of_both_processes_stay_flat() {
    let clock = TimeShift::new(Jumps::Both);
    if !available("libfaketime", clock.is_some()) {
        return;
    }
    let mut clock = clock.expect("looked for just now");
    let kept = Kept::new();
    let scene = Scene::behind_proxy(Stub::builder().single().keeping(&kept)).await;
    let user = scene.control().user().await;
    let variables = clock.environment();
    let ide = variables
        .iter()
        .fold(scene.ide(), |ide, (name, value)| ide.env(name, value));
    let ide = scene.window(ide, &user).await;
    for _ in 0..WARM {
        reconnect(&scene, &ide, &mut clock).await;
    }
    let before = usages(&scene, &ide);
    if !available("/proc", before.is_some()) {
        return ide.kill().await;
    }
    for _ in WARM..RECONNECTS {
        reconnect(&scene, &ide, &mut clock).await;
    }
    let after = usages(&scene, &ide).expect("both still run");
    let names = ["agent", "server"];
    for ((name, before), after) in names.iter().zip(before.expect("looked at just now")).zip(after) {
        assert!(
            after.resident_kib <= before.resident_kib + ROOM_KIB,
            "the {name} grew: {before:?} → {after:?}"
        );
        assert!(
            after.descriptors <= before.descriptors + ROOM_DESCRIPTORS,
            "the {name} keeps descriptors: {before:?} → {after:?}"
        );
        eprintln!("{name}: {before:?} → {after:?}");
    }
    assert!(ide.status().await.session.is_some());
    ide.finish().await;
}
