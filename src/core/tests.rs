//! Rules of the core as sentences.
