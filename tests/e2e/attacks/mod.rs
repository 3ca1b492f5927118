//! Attacks of one tenant, or of nobody, on another: each test is named for what is tried.

mod dead_letters;
mod publishing;
