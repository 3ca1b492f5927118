//! Lists of processes on a real server: no page skips or repeats a process, and none costs more
//! than a bounded walk along an index.

mod counted;
mod forgotten;
mod ground;
mod known;
mod plan;
mod single;
mod slices;
mod walks;
