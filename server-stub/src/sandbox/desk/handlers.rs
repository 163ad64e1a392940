//! The pages' routes.

use axum::Form;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::cookie::{browser_of, give};
use super::{Choose, Imitation};
use crate::sandbox::pages::{ConsentPage, PersonRow, SignInPage, page, refusal, see_other};
use crate::sandbox::people::{PEOPLE, Person};

/// The routes that every service has beside its own.
pub(crate) fn routes<I: Imitation>() -> Router<I> {
    Router::new()
        .route("/sign-in", get(choose::<I>).post(sign_in::<I>))
        .route("/consent", get(consent::<I>))
        .route("/consent", post(decide::<I>))
}

/// A checked authorization request has come in: shows whatever the person must still answer.
pub(crate) fn arrive<I: Imitation>(
    imitation: &I,
    headers: &HeaderMap,
    request: I::Request,
    choose: Choose,
) -> Response {
    let desk = imitation.desk();
    let known = browser_of(I::NAME, headers);
    let browser = known.clone().unwrap_or_else(|| desk.new_browser());
    let remembered = desk.remembered(&browser);
    let mut response = match remembered.filter(|_| choose != Choose::Always) {
        Some(person) if choose == Choose::Remembered && imitation.has_consent(&request, person) => {
            imitation.decide(request, person, true)
        }
        Some(person) => {
            let ticket = desk.open(request.clone(), &browser, Some(person));
            consent_page(imitation, &request, person, &ticket)
        }
        None => {
            let ticket = desk.open(request.clone(), &browser, None);
            sign_in_page(imitation, &request, remembered, &ticket)
        }
    };
    if known.is_none() {
        give(&mut response, I::NAME, &browser);
    }
    response
}

#[derive(Deserialize)]
struct Ticket {
    ticket: String,
}

#[derive(Deserialize)]
struct SignIn {
    ticket: String,
    person: String,
}

#[derive(Deserialize)]
struct Decision {
    ticket: String,
    decision: String,
}

async fn choose<I: Imitation>(
    State(imitation): State<I>,
    headers: HeaderMap,
    Query(Ticket { ticket: number }): Query<Ticket>,
) -> Response {
    let browser = browser_of(I::NAME, &headers).unwrap_or_default();
    match imitation.desk().look(&number, &browser) {
        Some(ticket) => {
            let remembered = imitation.desk().remembered(&browser);
            sign_in_page(&imitation, &ticket.request, remembered, &number)
        }
        None => lost::<I>(),
    }
}

async fn sign_in<I: Imitation>(
    State(imitation): State<I>,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Response {
    let browser = browser_of(I::NAME, &headers).unwrap_or_default();
    match Person::by_slug(&form.person) {
        Some(person) if imitation.desk().sign_in(&form.ticket, &browser, person) => {
            see_other(&format!("{}?ticket={}", path::<I>("consent"), form.ticket))
        }
        _ => lost::<I>(),
    }
}

async fn consent<I: Imitation>(
    State(imitation): State<I>,
    headers: HeaderMap,
    Query(Ticket { ticket: number }): Query<Ticket>,
) -> Response {
    let browser = browser_of(I::NAME, &headers).unwrap_or_default();
    let found = imitation.desk().look(&number, &browser);
    match found.and_then(|ticket| Some((ticket.person?, ticket.request))) {
        Some((person, request)) => consent_page(&imitation, &request, person, &number),
        None => lost::<I>(),
    }
}

async fn decide<I: Imitation>(
    State(imitation): State<I>,
    headers: HeaderMap,
    Form(form): Form<Decision>,
) -> Response {
    let approved = match form.decision.as_str() {
        "approve" => true,
        "deny" => false,
        _ => return lost::<I>(),
    };
    let browser = browser_of(I::NAME, &headers).unwrap_or_default();
    let found = imitation.desk().close(&form.ticket, &browser);
    match found.and_then(|ticket| Some((ticket.person?, ticket.request))) {
        Some((person, request)) => imitation.decide(request, person, approved),
        None => lost::<I>(),
    }
}

fn path<I: Imitation>(page: &str) -> String {
    format!("/sandbox/{}/{page}", I::NAME)
}

fn lost<I: Imitation>() -> Response {
    refusal(
        StatusCode::BAD_REQUEST,
        I::TITLE,
        "This page is out of date",
        "It was answered already, was opened in another browser, or is too old. Start again from the app.",
    )
}

fn sign_in_page<I: Imitation>(
    imitation: &I,
    request: &I::Request,
    remembered: Option<&'static Person>,
    ticket: &str,
) -> Response {
    let row = |person: &'static Person| PersonRow {
        slug: person.slug,
        name: person.name,
        initial: person.name.chars().next().unwrap_or('?'),
        note: person.note,
        signed_in: remembered == Some(person),
    };
    // Whoever is signed in comes first.
    let mut people: Vec<PersonRow> = PEOPLE.iter().map(row).collect();
    people.sort_by_key(|row| !row.signed_in);
    let template = SignInPage {
        service: I::TITLE,
        app: imitation.consent(request).app,
        action: path::<I>("sign-in"),
        ticket: ticket.to_owned(),
        choosing: remembered.is_some(),
        people,
    };
    page(StatusCode::OK, &template)
}

fn consent_page<I: Imitation>(
    imitation: &I,
    request: &I::Request,
    person: &'static Person,
    ticket: &str,
) -> Response {
    let consent = imitation.consent(request);
    let template = ConsentPage {
        service: I::TITLE,
        app: consent.app,
        account: format!("{} ({})", person.name, person.slug),
        scopes: consent.scopes,
        term: consent.term,
        back_to: consent.back_to,
        action: path::<I>("consent"),
        ticket: ticket.to_owned(),
        other_account: format!("{}?ticket={ticket}", path::<I>("sign-in")),
    };
    page(StatusCode::OK, &template)
}
