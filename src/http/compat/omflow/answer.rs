//! Responses of OMFLOW: the status is in the body, as a string, and each call has its own two
//! messages. The reason of a failure is in an additional field.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::http::web::{HttpProblem, ProblemKind, problem};
use crate::store::read::stage_visit::ActiveStop;

const NO_CODE: &str = "The security code is wrong or has expired.";
const NOT_ALLOWED: &str = "You do not have permission for this operation.";
const WRONG_URL: &str = "The URL is wrong.";

/// The calls of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Login,
    Open,
    Query,
    Push,
}

/// The body of a response. The status is a string, but a number with a security code.
#[derive(Debug, Serialize)]
struct Body<'a, S, R> {
    status: S,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl Call {
    const fn failed(self) -> &'static str {
        match self {
            Self::Login => "Login failed.",
            Self::Open => "Order opening failed.",
            Self::Query => "Query failed.",
            Self::Push => "Order promotion failed.",
        }
    }
}

/// A session was begun.
pub(super) fn logged_in(security: &str) -> Response {
    answer(&session(security))
}

/// The order is open, and has this number.
pub(super) fn opened(number: u64) -> Response {
    answer(&placed(number.to_string(), None))
}

/// The order has been sent, but is not open yet.
pub(super) fn accepted(why: &'static str) -> Response {
    answer(&placed(String::new(), Some(why)))
}

/// The order was pushed on.
pub(super) fn pushed() -> Response {
    answer(&done("Order pushed successfully.", ""))
}

/// The active stops of an order.
pub(super) fn stops(stops: &[ActiveStop]) -> Response {
    let stops: Vec<_> = stops.iter().map(stop_body).collect();
    answer(&done("Query successful.", stops))
}

/// The call failed.
pub(super) fn refuse(call: Call, problem: HttpProblem) -> Response {
    problem::say(problem.into_response(), |problem| {
        answer(&failed(call, problem.kind(), problem.detail()))
    })
}

/// The path is not a call of the API.
pub(super) fn unknown_path(problem: &HttpProblem) -> Response {
    answer(&refused("403", WRONG_URL, problem.detail()))
}

fn session(security: &str) -> Body<'_, u16, Value> {
    Body {
        status: 200,
        message: "Successful.",
        result: Some(json!({ "security": security })),
        detail: None,
    }
}

fn placed(result: String, detail: Option<&'static str>) -> Body<'static, &'static str, String> {
    Body {
        detail,
        ..done("Order placed successfully.", result)
    }
}

fn done<R>(message: &'static str, result: R) -> Body<'static, &'static str, R> {
    Body {
        status: "200",
        message,
        result: Some(result),
        detail: None,
    }
}

fn refused<'a>(
    status: &'static str,
    message: &'static str,
    detail: &'a str,
) -> Body<'a, &'static str, ()> {
    Body {
        status,
        message,
        result: None,
        detail: Some(detail),
    }
}

fn stop_body(stop: &ActiveStop) -> Value {
    json!({"data_id": stop.data_id, "stop_chart_text": stop.stage})
}

fn failed(call: Call, kind: ProblemKind, detail: &str) -> Body<'_, &'static str, ()> {
    let (status, message) = match (call, kind) {
        (Call::Open | Call::Query | Call::Push, ProblemKind::Unauthorized) => ("403", NO_CODE),
        (Call::Open | Call::Query | Call::Push, ProblemKind::Forbidden) => ("403", NOT_ALLOWED),
        (call, _) => ("404", call.failed()),
    };
    refused(status, message, detail)
}

/// A response; its HTTP status is always 200.
fn answer(body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn value(body: &impl Serialize) -> Value {
        serde_json::to_value(body).unwrap()
    }

    #[test]
    fn a_success_has_the_message_of_its_call_and_a_result() {
        for (body, expected) in [
            (
                value(&placed(1_234_567.to_string(), None)),
                json!({"status": "200", "message": "Order placed successfully.", "result": "1234567"}),
            ),
            (
                value(&placed(String::new(), Some("not yet"))),
                json!({"status": "200", "message": "Order placed successfully.", "result": "",
                       "detail": "not yet"}),
            ),
            (
                value(&done("Order pushed successfully.", "")),
                json!({"status": "200", "message": "Order pushed successfully.", "result": ""}),
            ),
            // Only here the status is a number.
            (
                value(&session("c0de")),
                json!({"status": 200, "message": "Successful.", "result": {"security": "c0de"}}),
            ),
        ] {
            assert_eq!(body, expected);
        }
    }

    #[test]
    fn the_active_stops_are_a_list_of_any_length() {
        let stop = |n: u128, stage: &str| ActiveStop {
            data_id: Uuid::from_u128(n),
            stage: stage.to_owned(),
        };
        let stops = [stop(1, "finance"), stop(2, "stock")];
        for count in 0..=2 {
            let bodies: Vec<_> = stops.iter().take(count).map(stop_body).collect();
            let expected = [
                json!({"data_id": "00000000-0000-0000-0000-000000000001",
                       "stop_chart_text": "finance"}),
                json!({"data_id": "00000000-0000-0000-0000-000000000002",
                       "stop_chart_text": "stock"}),
            ];
            assert_eq!(
                value(&done("Query successful.", bodies)),
                json!({"status": "200", "message": "Query successful.",
                       "result": expected.iter().take(count).collect::<Vec<_>>()})
            );
        }
    }

    #[test]
    fn a_failure_has_the_message_of_its_call_and_the_reason() {
        use ProblemKind as Kind;
        for (call, kind, status, message) in [
            (Call::Open, Kind::NotFound, "404", "Order opening failed."),
            (Call::Query, Kind::InvalidBody, "404", "Query failed."),
            (Call::Push, Kind::TooLarge, "404", "Order promotion failed."),
            (Call::Push, Kind::Unauthorized, "403", NO_CODE),
            (Call::Query, Kind::Forbidden, "403", NOT_ALLOWED),
            (Call::Login, Kind::Unauthorized, "404", "Login failed."),
        ] {
            assert_eq!(
                value(&failed(call, kind, "why")),
                json!({"status": status, "message": message, "detail": "why"})
            );
        }
    }
}
