//! Responses of OMFLOW: the status is in the body, as a string, and each call has its own two
//! messages. The reason of a failure is in an additional field.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

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

/// The body of a successful call.
#[derive(Debug, Serialize)]
struct Done<T> {
    status: &'static str,
    message: &'static str,
    result: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

/// The body of a failed call.
#[derive(Debug, Serialize)]
struct Failed<'a> {
    status: &'static str,
    message: &'static str,
    detail: &'a str,
}

/// An active stop of an order.
#[derive(Debug, Serialize)]
struct StopBody<'a> {
    data_id: String,
    stop_chart_text: &'a str,
}

/// The security code; only here the status is a number.
#[derive(Debug, Serialize)]
struct LoggedIn<'a> {
    status: u16,
    message: &'static str,
    result: Code<'a>,
}

#[derive(Debug, Serialize)]
struct Code<'a> {
    security: &'a str,
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
    answer(&LoggedIn {
        status: 200,
        message: "Successful.",
        result: Code { security },
    })
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
    answer(&Failed {
        status: "403",
        message: WRONG_URL,
        detail: problem.detail(),
    })
}

fn placed(result: String, detail: Option<&'static str>) -> Done<String> {
    Done {
        detail,
        ..done("Order placed successfully.", result)
    }
}

fn done<T>(message: &'static str, result: T) -> Done<T> {
    Done {
        status: "200",
        message,
        result,
        detail: None,
    }
}

fn stop_body(stop: &ActiveStop) -> StopBody<'_> {
    StopBody {
        data_id: stop.data_id.to_string(),
        stop_chart_text: &stop.stage,
    }
}

fn failed(call: Call, kind: ProblemKind, detail: &str) -> Failed<'_> {
    let (status, message) = match (call, kind) {
        (Call::Open | Call::Query | Call::Push, ProblemKind::Unauthorized) => ("403", NO_CODE),
        (Call::Open | Call::Query | Call::Push, ProblemKind::Forbidden) => ("403", NOT_ALLOWED),
        (call, _) => ("404", call.failed()),
    };
    Failed {
        status,
        message,
        detail,
    }
}

/// A response; its HTTP status is always 200.
fn answer(body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn value(body: &impl Serialize) -> Value {
        serde_json::to_value(body).unwrap()
    }

    #[test]
    fn a_success_has_the_message_of_its_call_and_a_result() {
        assert_eq!(
            value(&placed(1_234_567.to_string(), None)),
            json!({"status": "200", "message": "Order placed successfully.", "result": "1234567"})
        );
        assert_eq!(
            value(&placed(String::new(), Some("not yet"))),
            json!({"status": "200", "message": "Order placed successfully.", "result": "",
                   "detail": "not yet"})
        );
        assert_eq!(
            value(&done("Order pushed successfully.", "")),
            json!({"status": "200", "message": "Order pushed successfully.", "result": ""})
        );
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
        for (call, kind, status, message) in [
            (
                Call::Open,
                ProblemKind::NotFound,
                "404",
                "Order opening failed.",
            ),
            (
                Call::Query,
                ProblemKind::InvalidBody,
                "404",
                "Query failed.",
            ),
            (
                Call::Push,
                ProblemKind::TooLarge,
                "404",
                "Order promotion failed.",
            ),
            (Call::Push, ProblemKind::Unauthorized, "403", NO_CODE),
            (Call::Query, ProblemKind::Forbidden, "403", NOT_ALLOWED),
            (
                Call::Login,
                ProblemKind::Unauthorized,
                "404",
                "Login failed.",
            ),
        ] {
            assert_eq!(
                value(&failed(call, kind, "why")),
                json!({"status": status, "message": message, "detail": "why"})
            );
        }
    }

    #[test]
    fn the_security_code_comes_with_a_status_that_is_a_number() {
        let code = LoggedIn {
            status: 200,
            message: "Successful.",
            result: Code { security: "c0de" },
        };
        assert_eq!(
            value(&code),
            json!({"status": 200, "message": "Successful.", "result": {"security": "c0de"}})
        );
    }
}
