//! Why a message became a dead letter: a closed set, since it is a metric label and a column.

/// Why a message can't be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Neither JSON nor `CloudEvents` with JSON data.
    UnsupportedContentType,
    /// Compressed, or otherwise encoded.
    UnsupportedEncoding,
    /// The body is not one JSON document in UTF-8.
    Undecodable,
    /// The body or the headers are larger than allowed.
    TooLarge,
    /// The body is nested deeper than allowed.
    TooDeep,
    /// No id or no source: duplicates could not be detected.
    MissingIdentity,
    /// No token, and it is not an opening event.
    MissingToken,
    /// An unknown event type.
    UnknownType,
    /// A field is invalid.
    InvalidField,
    /// A name, a text or a list is longer than allowed.
    LimitExceeded,
    /// The event names another tenant than the header does.
    TenantMismatch,
    /// The token belongs to a process of the other kind.
    KindMismatch,
    /// The order's workflow was never applied.
    UnknownWorkflow,
    /// The form is not filled in as the workflow requires.
    InvalidForm,
    /// The order has no such stage, or no such stop.
    UnknownStage,
    /// The stop was left, or will not be reached.
    StageLeft,
    /// A push waited for a stage that the order did not reach in time.
    StageNotReached,
    /// Another event with the same identity was received before.
    IdentityConflict,
    /// It belongs to an attempt that ended and was deleted.
    Gone,
    /// A completion, a stage event or a reply that could not be delivered while its process was
    /// kept.
    Undeliverable,
    /// This version can't read what is stored of its process.
    UnreadableRecord,
    /// The database refused what validation had accepted.
    RefusedByDatabase,
    /// It was redelivered too often without being acknowledged.
    DeliveryLimit,
    /// A consumer rejected it.
    Rejected,
    /// Its time to live passed.
    Expired,
}

impl Reason {
    /// Every reason, for tables of metrics and tests.
    pub const ALL: [Self; 25] = [
        Self::UnsupportedContentType,
        Self::UnsupportedEncoding,
        Self::Undecodable,
        Self::TooLarge,
        Self::TooDeep,
        Self::MissingIdentity,
        Self::MissingToken,
        Self::UnknownType,
        Self::InvalidField,
        Self::LimitExceeded,
        Self::TenantMismatch,
        Self::KindMismatch,
        Self::UnknownWorkflow,
        Self::InvalidForm,
        Self::UnknownStage,
        Self::StageLeft,
        Self::StageNotReached,
        Self::IdentityConflict,
        Self::Gone,
        Self::Undeliverable,
        Self::UnreadableRecord,
        Self::RefusedByDatabase,
        Self::DeliveryLimit,
        Self::Rejected,
        Self::Expired,
    ];

    /// The name in metrics, in SQL and at the end of a problem's type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnsupportedContentType => "unsupported_content_type",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::Undecodable => "undecodable",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::MissingIdentity => "missing_identity",
            Self::MissingToken => "missing_token",
            Self::UnknownType => "unknown_type",
            Self::InvalidField => "invalid_field",
            Self::LimitExceeded => "limit_exceeded",
            Self::TenantMismatch => "tenant_mismatch",
            Self::KindMismatch => "kind_mismatch",
            Self::UnknownWorkflow => "unknown_workflow",
            Self::InvalidForm => "invalid_form",
            Self::UnknownStage => "unknown_stage",
            Self::StageLeft => "stage_left",
            Self::StageNotReached => "stage_not_reached",
            Self::IdentityConflict => "identity_conflict",
            Self::Gone => "gone",
            Self::Undeliverable => "undeliverable",
            Self::UnreadableRecord => "unreadable_record",
            Self::RefusedByDatabase => "refused_by_database",
            Self::DeliveryLimit => "delivery_limit",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// The title for people; constant per reason.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::UnsupportedContentType => "The content type is not supported",
            Self::UnsupportedEncoding => "The content encoding is not supported",
            Self::Undecodable => "The body is not one JSON document in UTF-8",
            Self::TooLarge => "The message is larger than allowed",
            Self::TooDeep => "The body is nested deeper than allowed",
            Self::MissingIdentity => "The event has no identity",
            Self::MissingToken => "The event has no token",
            Self::UnknownType => "The event type is unknown",
            Self::InvalidField => "A field is invalid",
            Self::LimitExceeded => "A name, a text or a list is longer than allowed",
            Self::TenantMismatch => "The event names another tenant than its header",
            Self::KindMismatch => "The token belongs to a process of another kind",
            Self::UnknownWorkflow => "The workflow is unknown",
            Self::InvalidForm => "The form is not filled in as the workflow requires",
            Self::UnknownStage => "The order has no such stage",
            Self::StageNotReached => "The order did not reach the stage",
            Self::StageLeft => "The order is not at this stage",
            Self::IdentityConflict => "Another event has the same identity",
            Self::Gone => "The process ended and was deleted",
            Self::Undeliverable => "The message could not be delivered",
            Self::UnreadableRecord => "The stored record can't be read",
            Self::RefusedByDatabase => "The database refused the event",
            Self::DeliveryLimit => "The message was delivered too often",
            Self::Rejected => "The message was rejected",
            Self::Expired => "The message expired",
        }
    }

    /// The remedy; constant per reason.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::UnsupportedContentType | Self::UnsupportedEncoding => {
                "Let the producer publish plain JSON or CloudEvents, not compressed; then it has to \
                 send these again."
            }
            Self::Undecodable
            | Self::TooDeep
            | Self::MissingIdentity
            | Self::MissingToken
            | Self::UnknownType
            | Self::InvalidField
            | Self::TenantMismatch => {
                "Fix the producer and have it send again; a replay would send the same bytes."
            }
            Self::TooLarge => {
                "Let the producer send less at once, or raise the limit; then it has to send these \
                 again: of a body that is too large only the beginning was kept."
            }
            Self::LimitExceeded => {
                "Let the producer send less at once, or raise the limit and replay."
            }
            Self::KindMismatch => "Let the producer give uploads and orders tokens of their own.",
            Self::UnknownWorkflow => "Apply the workflow, then replay.",
            Self::InvalidForm => {
                "Let the producer fill in the form, or apply a workflow that accepts it and replay."
            }
            Self::UnknownStage | Self::StageLeft | Self::StageNotReached => {
                "Look up the order's stages; a replay helps only if it will reach the stage."
            }
            Self::IdentityConflict => {
                "The first one counts; let the producer give every event its own id."
            }
            Self::Gone => "Open the token again, later than its end; then replay what follows.",
            Self::Undeliverable => {
                "Bind a queue, or repair the one that fails; then replay: the message goes to its own \
                 exchange again."
            }
            Self::UnreadableRecord => {
                "Let the newest version run everywhere, or repair the record; then replay."
            }
            Self::RefusedByDatabase => "Read the logs of the worker and the database; then replay.",
            Self::DeliveryLimit => {
                "Workers crashed repeatedly before acknowledging these: read their logs, then replay."
            }
            Self::Rejected => {
                "Another consumer or a full queue rejected these; replay once that is fixed."
            }
            Self::Expired => "They exceeded the TTL of their queue; replay if they still matter.",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}
