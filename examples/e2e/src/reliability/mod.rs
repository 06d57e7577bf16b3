//! Scenarios of failure: a function beside the same function on the bare runtime, under faults.
//!
//! | module | holds |
//! |---|---|
//! | [`table`] | the scenarios |
//! | [`scenario`] | what a scenario says |
//! | [`work`] | what an event asks the function to do, and how many spans that makes |
//! | [`function`] | the function, traced and bare |
//! | [`run`] | the run of a scenario |
//! | [`check`] | what holds for each scenario |
//! | [`soak`] | long runs |
//! | [`report`] | the table of figures |

pub mod check;
pub mod function;
pub mod report;
pub mod run;
pub mod scenario;
pub mod soak;
pub mod table;
pub mod work;
