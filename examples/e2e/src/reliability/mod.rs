//! Scenarios of failure: a function beside the same function on the bare runtime, under faults.
//!
//! | module | holds |
//! |---|---|
//! | [`table`] | the scenarios |
//! | [`scenario`] | the definition of a scenario |
//! | [`work`] | the work that an event requests, and the number of spans |
//! | [`function`] | the function, traced and bare |
//! | [`run`] | the run of a scenario |
//! | [`check`] | checks of every scenario |
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
