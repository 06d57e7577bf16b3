//! Whether redirects are followed: the same names as in [`reqwest::redirect`], in types of our own.
//!
//! They are ours since a client must know what was decided: where a redirect leads to a host that may know less of
//! us, the request goes on without what that host may not know.

use std::error::Error;
use std::fmt;

use reqwest::{StatusCode, Url};
use thundra_core::redact;

/// As [`reqwest::redirect::Policy`].
///
/// # Examples
///
/// ```
/// use thundra_http::redirect::Policy;
///
/// let at_home = Policy::custom(|attempt| match attempt.url().host_str() {
///     Some("shop.internal") => Policy::default().redirect(attempt),
///     _ => attempt.stop(),
/// });
/// let client = thundra_http::Client::builder().redirect(at_home).build()?;
/// # let _ = client;
/// # Ok::<(), thundra_http::Error>(())
/// ```
pub struct Policy(Kind);

enum Kind {
    Custom(Box<dyn Fn(Attempt<'_>) -> Action + Send + Sync>),
    Limit(usize),
    None,
}

/// As [`reqwest::redirect::Attempt`].
pub struct Attempt<'a> {
    status: StatusCode,
    next: &'a Url,
    previous: &'a [Url],
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |url: &Url| redact::text(url.to_string());
        f.debug_struct("Attempt")
            .field("status", &self.status)
            .field("next", &shown(self.next))
            .field("previous", &self.previous.iter().map(shown).collect::<Vec<_>>())
            .finish()
    }
}

/// As [`reqwest::redirect::Action`].
#[derive(Debug)]
pub struct Action(Decision);

#[derive(Debug)]
enum Decision {
    Follow,
    Stop,
    Error(Box<dyn Error + Send + Sync>),
}

impl Policy {
    /// As [`reqwest::redirect::Policy::limited`].
    pub fn limited(max: usize) -> Self {
        Policy(Kind::Limit(max))
    }

    /// As [`reqwest::redirect::Policy::none`].
    pub fn none() -> Self {
        Policy(Kind::None)
    }

    /// As [`reqwest::redirect::Policy::custom`].
    pub fn custom<T>(policy: T) -> Self
    where
        T: Fn(Attempt<'_>) -> Action + Send + Sync + 'static,
    {
        Policy(Kind::Custom(Box::new(policy)))
    }

    /// As [`reqwest::redirect::Policy::redirect`].
    pub fn redirect(&self, attempt: Attempt<'_>) -> Action {
        match &self.0 {
            Kind::Custom(custom) => custom(attempt),
            // The first address is that of the request itself.
            Kind::Limit(max) if attempt.previous.len() > *max => attempt.error(TooManyRedirects),
            Kind::Limit(_) => attempt.follow(),
            Kind::None => attempt.stop(),
        }
    }
}

impl Policy {
    /// How many redirects there may be, where that is all it says.
    pub(crate) fn limit(&self) -> Option<usize> {
        match self.0 {
            Kind::Limit(max) => Some(max),
            Kind::Custom(_) | Kind::None => None,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy::limited(10)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Custom(_) => f.write_str("Policy(Custom)"),
            Kind::Limit(max) => write!(f, "Policy(Limit({max}))"),
            Kind::None => f.write_str("Policy(None)"),
        }
    }
}

/// The policy as reqwest's own, for a client that is not ours.
impl From<Policy> for reqwest::redirect::Policy {
    fn from(policy: Policy) -> Self {
        reqwest::redirect::Policy::custom(move |theirs| {
            let ours = Attempt { status: theirs.status(), next: theirs.url(), previous: theirs.previous() };
            policy.redirect(ours).apply(theirs)
        })
    }
}

impl Action {
    pub(crate) fn is_follow(&self) -> bool {
        matches!(self.0, Decision::Follow)
    }

    /// What was decided here, said to reqwest.
    pub(crate) fn apply(self, attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
        match self.0 {
            Decision::Follow => attempt.follow(),
            Decision::Stop => attempt.stop(),
            Decision::Error(error) => attempt.error(error),
        }
    }
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(status: StatusCode, next: &'a Url, previous: &'a [Url]) -> Self {
        Attempt { status, next, previous }
    }

    /// As [`reqwest::redirect::Attempt::status`].
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// As [`reqwest::redirect::Attempt::url`].
    pub fn url(&self) -> &Url {
        self.next
    }

    /// As [`reqwest::redirect::Attempt::previous`].
    pub fn previous(&self) -> &[Url] {
        self.previous
    }

    /// As [`reqwest::redirect::Attempt::follow`].
    pub fn follow(self) -> Action {
        Action(Decision::Follow)
    }

    /// As [`reqwest::redirect::Attempt::stop`].
    pub fn stop(self) -> Action {
        Action(Decision::Stop)
    }

    /// As [`reqwest::redirect::Attempt::error`].
    pub fn error<E: Into<Box<dyn Error + Send + Sync>>>(self, error: E) -> Action {
        Action(Decision::Error(error.into()))
    }
}

#[derive(Debug)]
struct TooManyRedirects;

impl fmt::Display for TooManyRedirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many redirects")
    }
}

impl Error for TooManyRedirects {}
