//! How long what a third party answers may be, before it is kept (CWE-770).
//!
//! What only names something for people is shortened. What has to stay as it is, an id or a token, is refused: half of one
//! would be another.

use codestream_protocol::text::{Limit, shown};

use super::call::CallError;
use super::person::{Email, Person, Place, Workspace};
use super::token::Tokens;

/// Bytes of an id.
const ID: usize = 300;
/// Bytes of a token; real ones have up to 4,000.
const TOKEN: usize = 8192;
/// Bytes of what comes beside a token.
const DATA: usize = 32 * 1024;
/// Bytes of a link.
const LINK: usize = 2048;
/// RFC 5321 §4.5.3.1.3, without the angle brackets.
const EMAIL: usize = 254;
/// Workspaces that one token is good for.
const WORKSPACES: usize = 200;

/// A person who can be kept.
pub(super) fn person(mut person: Person) -> Result<Person, CallError> {
    id(&person.subject)?;
    person.login = shown(&person.login, Limit::NAME);
    person.name = person.name.map(|name| shown(&name, Limit::NAME));
    match &mut person.place {
        Place::Only(at) | Place::At { workspace: at, .. } => workspace(at)?,
        Place::Among(all) => {
            all.truncate(WORKSPACES);
            all.iter_mut().try_for_each(workspace)?;
        }
        Place::Everywhere | Place::Region(_) => {}
    }
    Ok(person)
}

fn workspace(workspace: &mut Workspace) -> Result<(), CallError> {
    id(&workspace.id)?;
    workspace.name = shown(&workspace.name, Limit::NAME);
    workspace.url = workspace.url.take().filter(|url| url.len() <= LINK);
    Ok(())
}

fn id(id: &str) -> Result<(), CallError> {
    within(id.len(), ID, "an id is longer than any that is kept")
}

/// Tokens that can be kept.
pub(super) fn tokens(tokens: Tokens) -> Result<Tokens, CallError> {
    let bot = tokens.bot.as_ref();
    let refresh = [tokens.refresh.as_ref(), bot.and_then(|bot| bot.refresh.as_ref())];
    let access = [Some(&tokens.access), bot.map(|bot| &bot.access)];
    let access = access.into_iter().flatten().map(|token| token.expose().len());
    let lengths = access.chain(refresh.into_iter().flatten().map(|token| token.expose().len()));
    for length in lengths {
        within(length, TOKEN, "a token is longer than any that is kept")?;
    }
    let data = bot.map_or(0, |bot| bot.data.to_string().len()) + tokens.data.to_string().len();
    within(data, DATA, "there is more beside the token than is kept")?;
    if let Some(bot) = bot {
        id(&bot.workspace_id)?;
    }
    Ok(tokens)
}

/// An address longer than an address can be is none.
pub(super) fn email(email: Email) -> Email {
    match email {
        Email::Verified(address) if address.len() > EMAIL => Email::Missing,
        email => email,
    }
}

fn within(length: usize, most: usize, problem: &'static str) -> Result<(), CallError> {
    if length > most {
        return Err(CallError::Decoding(problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use codestream_protocol::secret::AccessToken;

    use super::*;

    fn ada(subject: &str, login: &str, place: Place) -> Person {
        Person {
            subject: subject.to_owned(),
            login: login.to_owned(),
            name: None,
            place,
        }
    }

    #[test]
    fn a_name_is_shortened_and_an_id_is_refused() {
        let long = "x".repeat(900 * 1024);
        let short = person(ada("583231", &long, Place::Everywhere)).expect("a name is for people");
        assert!(short.login.len() <= 400, "{}", short.login.len());
        assert!(person(ada(&long, "ada", Place::Everywhere)).is_err());
        let at = |id: &str, name: &str| Workspace {
            id: id.to_owned(),
            name: name.to_owned(),
            url: Some(long.clone()),
        };
        assert!(person(ada("1", "ada", Place::Only(at(&long, "acme")))).is_err());
        let many = vec![at("T1", &long); 5000];
        let Ok(Person {
            place: Place::Among(kept),
            ..
        }) = person(ada("1", "ada", Place::Among(many)))
        else {
            panic!("names are for people");
        };
        assert_eq!(kept.len(), WORKSPACES);
        assert!(kept[0].name.len() <= 400 && kept[0].url.is_none());
    }

    #[test]
    fn a_token_of_4000_characters_is_kept_and_one_without_end_is_not() {
        let of = |length: usize| tokens(Tokens::alone(AccessToken::new("t".repeat(length))));
        assert!(of(4000).is_ok());
        assert!(of(TOKEN + 1).is_err());
        let mut heavy = Tokens::alone(AccessToken::new("t"));
        heavy.data = serde_json::json!({ "x": "y".repeat(DATA) });
        assert!(tokens(heavy).is_err());
    }

    #[test]
    fn an_address_without_end_proves_nothing() {
        let long = format!("{}@example.com", "a".repeat(300));
        assert_eq!(email(Email::Verified(long)), Email::Missing);
        let good = Email::Verified("ada@example.com".to_owned());
        assert_eq!(email(good.clone()), good);
    }
}
