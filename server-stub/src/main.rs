//! The binary `codestream-server-stub`.

fn main() -> std::process::ExitCode {
    codestream_server_stub::cli::run()
}
