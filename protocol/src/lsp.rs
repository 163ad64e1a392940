//! Custom LSP requests and notifications between IDE and agent.
//!
//! [`attempt`] is the shape of a handshake in flight, [`error`] the closed set of what can go wrong, [`request`] and
//! [`notification`] the methods, [`view`] what a view may know of
//! users, teams and logins. TypeScript types are generated from these into `protocol/bindings/`.

pub mod attempt;
pub mod error;
pub mod init;
pub mod notification;
pub mod request;
pub mod view;

/// The `workspace/executeCommand` command of a `codestream/*` request, so that any LSP editor can use the agent:
/// `codestream/provider/connect` is `codestream.agent.provider.connect`.
pub fn command_of(method: &str) -> Option<String> {
    let rest = method.strip_prefix("codestream/")?;
    Some(format!("codestream.agent.{}", rest.replace('/', ".")))
}

/// The inverse of [`command_of`].
pub fn method_of(command: &str) -> Option<String> {
    let rest = command.strip_prefix("codestream.agent.")?;
    Some(format!("codestream/{}", rest.replace('.', "/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_a_command_and_back() {
        for method in request::METHODS {
            let command = command_of(method).expect("a codestream method");
            assert_eq!(method_of(&command).as_deref(), Some(*method));
        }
        assert_eq!(
            command_of("codestream/provider/connect").as_deref(),
            Some("codestream.agent.provider.connect")
        );
    }
}
