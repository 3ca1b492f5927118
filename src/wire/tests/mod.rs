//! Rules of the wire as sentences.
