//! Why a message became a dead letter: a closed set, since it is a metric label and a column.

named! {
    /// Why a message can't be applied. Its name is in metrics, in SQL and at the end of a problem's
    /// type; its title is for people.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Reason with title: &'static str {
        /// Neither JSON nor `CloudEvents` with JSON data.
        UnsupportedContentType = "unsupported_content_type", "The content type is not supported";
        /// Compressed, or otherwise encoded.
        UnsupportedEncoding = "unsupported_encoding", "The content encoding is not supported";
        /// The body is not one JSON document in UTF-8.
        Undecodable = "undecodable", "The body is not one JSON document in UTF-8";
        /// The body or the headers are larger than allowed.
        TooLarge = "too_large", "The message is larger than allowed";
        /// The body is nested deeper than allowed.
        TooDeep = "too_deep", "The body is nested deeper than allowed";
        /// No id or no source: duplicates could not be detected.
        MissingIdentity = "missing_identity", "The event has no identity";
        /// No token, and it is not an opening event.
        MissingToken = "missing_token", "The event has no token";
        /// An unknown event type.
        UnknownType = "unknown_type", "The event type is unknown";
        /// A field is invalid.
        InvalidField = "invalid_field", "A field is invalid";
        /// A name, a text or a list is longer than allowed.
        LimitExceeded = "limit_exceeded", "A name, a text or a list is longer than allowed";
        /// The event names another tenant than the header does.
        TenantMismatch = "tenant_mismatch", "The event names another tenant than its header";
        /// Its publisher may not publish such an event for its tenant.
        NotAllowed = "not_allowed", "The publisher may not publish this";
        /// The token belongs to a process of the other kind.
        KindMismatch = "kind_mismatch", "The token belongs to a process of another kind";
        /// The order's workflow was never applied.
        UnknownWorkflow = "unknown_workflow", "The workflow is unknown";
        /// The form is not filled in as the workflow requires.
        InvalidForm = "invalid_form", "The form is not filled in as the workflow requires";
        /// The order has no such stage, or no such stop.
        UnknownStage = "unknown_stage", "The order has no such stage";
        /// The stop was left, or will not be reached.
        StageLeft = "stage_left", "The order is not at this stage";
        /// A push waited for a stage that the order did not reach in time.
        StageNotReached = "stage_not_reached", "The order did not reach the stage";
        /// Another event with the same identity was received before.
        IdentityConflict = "identity_conflict", "Another event has the same identity";
        /// It belongs to an attempt that ended and was deleted.
        Gone = "gone", "The process ended and was deleted";
        /// It belongs to a process that was erased.
        Erased = "erased", "The process was erased";
        /// A completion, a stage event or a reply that could not be delivered while its process was
        /// kept.
        Undeliverable = "undeliverable", "The message could not be delivered";
        /// This version can't read what is stored of its process.
        UnreadableRecord = "unreadable_record", "The stored record can't be read";
        /// The database refused what validation had accepted.
        RefusedByDatabase = "refused_by_database", "The database refused the event";
        /// It was redelivered too often without being acknowledged.
        DeliveryLimit = "delivery_limit", "The message was delivered too often";
        /// A consumer rejected it.
        Rejected = "rejected", "The message was rejected";
        /// Its time to live passed.
        Expired = "expired", "The message expired";
    }
}

impl Reason {
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
            Self::LimitExceeded => "Let the producer send less, or raise the limit and replay.",
            Self::NotAllowed => "Allow its publisher (`waybill producer allow`); then replay.",
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
            Self::Erased => "Find the producer that still sends these, and discard them.",
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
