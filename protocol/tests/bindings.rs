//! The TypeScript types are generated from the Rust ones: this rewrites `bindings/` and fails if they were stale.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use codestream_protocol::activity::Activity;
use codestream_protocol::lsp::{attempt, error, init, notification, request};
use ts_rs::{Config, TS};

fn read(dir: &Path) -> BTreeMap<PathBuf, String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.expect("a directory entry").path())
        .map(|path| (path.clone(), fs::read_to_string(path).expect("a text file")))
        .collect()
}

#[test]
fn the_typescript_types_are_up_to_date() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings");
    let before = read(&dir);
    let config = Config::default().with_out_dir(&dir);
    macro_rules! export {
        ($($type:ty),+ $(,)?) => { $(<$type>::export_all(&config).expect("a writable directory");)+ };
    }
    export![
        Activity,
        attempt::Attempt,
        error::ErrorData,
        init::InitializationOptions,
        notification::AttemptDidChange,
        notification::DidChangeConnectionStatus,
        notification::DidChangeData,
        notification::DidLogin,
        notification::DidLogout,
        request::AddParams,
        request::Added,
        request::AttemptParams,
        request::CallParams,
        request::Called,
        request::ConfigureParams,
        request::Disconnected,
        request::Identities,
        request::LinkParams,
        request::LoginResult,
        request::OtcParams,
        request::Person,
        request::ProviderList,
        request::ProviderParams,
        request::RemoveParams,
        request::ReopenParams,
        request::Reopened,
        request::SessionEnd,
        request::SessionList,
        request::SessionsEnded,
        request::SsoParams,
        request::Started,
        request::Status,
        request::TokenParams,
        request::UnlinkParams,
    ];
    let after = read(&dir);
    assert!(after.len() > 30, "types were generated");
    assert!(
        before == after,
        "protocol/bindings was stale and has been rewritten: commit it"
    );
}
