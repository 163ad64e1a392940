//! Microsoft Teams: Microsoft Graph with a bearer token.

use codestream_protocol::lsp::request::Person;
use serde_json::Value;

use crate::thirdparty::{Me, Service, bearer, by_status, text};

pub(super) static SERVICE: Service = Service {
    name: "msteams",
    provider_id: "login*microsoftonline*com",
    display_name: "Microsoft Teams",
    host: "login.microsoftonline.com",
    api_bases: &["https://graph.microsoft.com/v1.0/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me::get("me"),
    present: bearer,
    person,
    refusal: by_status,
};

fn person(body: &Value) -> Option<Person> {
    let login = text(body, "userPrincipalName");
    Some(Person {
        id: text(body, "id")?,
        name: text(body, "displayName").or_else(|| login.clone())?,
        email: text(body, "mail"),
        url: None,
        login,
    })
}
