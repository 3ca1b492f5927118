//! Why a message became a dead letter: a closed set, since it is a metric label and a column.

named! {
    /// Why a message can't be applied. Its name is in metrics, in SQL and at the end of a problem's
    /// type.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Reason {
        /// Neither JSON nor `CloudEvents` with JSON data.
        UnsupportedContentType = "unsupported_content_type",
        /// Compressed, or otherwise encoded.
        UnsupportedEncoding = "unsupported_encoding",
        /// The body is not one JSON document in UTF-8.
        Undecodable = "undecodable",
        /// The body or the headers are larger than allowed.
        TooLarge = "too_large",
        /// The body is nested deeper than allowed.
        TooDeep = "too_deep",
        /// No id or no source: duplicates could not be detected.
        MissingIdentity = "missing_identity",
        /// No token, and it is not an opening event.
        MissingToken = "missing_token",
        /// An unknown event type.
        UnknownType = "unknown_type",
        /// A field is invalid.
        InvalidField = "invalid_field",
        /// A name, a text or a list is longer than allowed.
        LimitExceeded = "limit_exceeded",
        /// The event names another tenant than the header does.
        TenantMismatch = "tenant_mismatch",
        /// The token belongs to a process of the other kind.
        KindMismatch = "kind_mismatch",
        /// The order's workflow was never applied.
        UnknownWorkflow = "unknown_workflow",
        /// The form is not filled in as the workflow requires.
        InvalidForm = "invalid_form",
        /// The order has no such stage, or no such stop.
        UnknownStage = "unknown_stage",
        /// The stop was left, or will not be reached.
        StageLeft = "stage_left",
        /// A push waited for a stage that the order did not reach in time.
        StageNotReached = "stage_not_reached",
        /// Another event with the same identity was received before.
        IdentityConflict = "identity_conflict",
        /// It belongs to an attempt that ended and was deleted.
        Gone = "gone",
        /// A completion, a stage event or a reply that could not be delivered while its process was
        /// kept.
        Undeliverable = "undeliverable",
        /// This version can't read what is stored of its process.
        UnreadableRecord = "unreadable_record",
        /// The database refused what validation had accepted.
        RefusedByDatabase = "refused_by_database",
        /// It was redelivered too often without being acknowledged.
        DeliveryLimit = "delivery_limit",
        /// A consumer rejected it.
        Rejected = "rejected",
        /// Its time to live passed.
        Expired = "expired",
    }
}

impl Reason {
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
}
