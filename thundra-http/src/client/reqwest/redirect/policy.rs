//! The caller's policy.

use std::error::Error;
use std::fmt;

use reqwest::{StatusCode, Url};
use thundra_core::redact;

/// A policy for redirects, as [`reqwest::redirect::Policy`].
///
/// # Examples
///
/// ```
/// use thundra_http::redirect::Policy;
///
/// let internal = Policy::custom(|attempt| match attempt.url().host_str() {
///     Some("shop.internal") => Policy::default().redirect(attempt),
///     _ => attempt.stop(),
/// });
/// let client = thundra_http::Client::builder().redirect(internal).build()?;
/// # let _ = client;
/// # Ok::<(), thundra_http::Error>(())
/// ```
pub struct Policy(Kind);

enum Kind {
    Custom(Box<dyn Fn(Attempt<'_>) -> Action + Send + Sync>),
    Limit(usize),
    None,
}

/// A redirect to decide on, as [`reqwest::redirect::Attempt`].
///
/// # Examples
///
/// A policy for calls that must stay on https:
///
/// ```
/// use thundra_http::redirect::Policy;
///
/// let secure = Policy::custom(|attempt| match attempt.url().scheme() {
///     "https" => attempt.follow(),
///     scheme => {
///         let error = format!("redirected to {scheme}");
///         attempt.error(error)
///     }
/// });
/// let client = thundra_http::Client::builder().redirect(secure).build()?;
/// # let _ = client;
/// # Ok::<(), thundra_http::Error>(())
/// ```
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

/// A decision, as [`reqwest::redirect::Action`].
#[derive(Debug)]
pub struct Action(Decision);

#[derive(Debug)]
enum Decision {
    Follow,
    Stop,
    Error(Box<dyn Error + Send + Sync>),
}

impl Policy {
    /// Returns a policy for up to `max` redirects, as [`reqwest::redirect::Policy::limited`].
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_http::redirect::Policy;
    ///
    /// let client = thundra_http::Client::builder().redirect(Policy::limited(3)).build()?;
    /// # let _ = client;
    /// # Ok::<(), thundra_http::Error>(())
    /// ```
    pub fn limited(max: usize) -> Self {
        Policy(Kind::Limit(max))
    }

    /// Returns a policy without redirects, as [`reqwest::redirect::Policy::none`].
    ///
    /// # Examples
    ///
    /// A caller with its own handling of `Location`:
    ///
    /// ```no_run
    /// use thundra_http::redirect::Policy;
    ///
    /// # async fn location() -> Result<(), thundra_http::Error> {
    /// let client = thundra_http::Client::builder().redirect(Policy::none()).build()?;
    /// let response = client.get("http://shop.internal/latest").send().await?;
    /// assert!(response.headers().contains_key("location"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn none() -> Self {
        Policy(Kind::None)
    }

    /// Returns a policy with a function, as [`reqwest::redirect::Policy::custom`].
    pub fn custom<T>(policy: T) -> Self
    where
        T: Fn(Attempt<'_>) -> Action + Send + Sync + 'static,
    {
        Policy(Kind::Custom(Box::new(policy)))
    }

    /// Applies the policy to a redirect, as [`reqwest::redirect::Policy::redirect`].
    pub fn redirect(&self, attempt: Attempt<'_>) -> Action {
        match &self.0 {
            Kind::Custom(custom) => custom(attempt),
            // The first URL belongs to the original request.
            Kind::Limit(max) if attempt.previous.len() > *max => attempt.error(TooManyRedirects),
            Kind::Limit(_) => attempt.follow(),
            Kind::None => attempt.stop(),
        }
    }
}

impl Policy {
    /// Returns the maximum number of redirects. `None` for a custom policy.
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

/// Converts the policy for a client of reqwest's own.
impl From<Policy> for reqwest::redirect::Policy {
    fn from(policy: Policy) -> Self {
        reqwest::redirect::Policy::custom(move |attempt| {
            let ours = Attempt::new(attempt.status(), attempt.url(), attempt.previous());
            policy.redirect(ours).apply(attempt)
        })
    }
}

impl Action {
    pub(crate) fn is_follow(&self) -> bool {
        matches!(self.0, Decision::Follow)
    }

    /// Makes the same decision in reqwest.
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

    /// Returns the status of the response, as [`reqwest::redirect::Attempt::status`].
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the next URL, as [`reqwest::redirect::Attempt::url`].
    pub fn url(&self) -> &Url {
        self.next
    }

    /// Returns the URLs so far, beginning with the request, as [`reqwest::redirect::Attempt::previous`].
    pub fn previous(&self) -> &[Url] {
        self.previous
    }

    /// Follows the redirect, as [`reqwest::redirect::Attempt::follow`].
    pub fn follow(self) -> Action {
        Action(Decision::Follow)
    }

    /// Returns the redirect as the response, as [`reqwest::redirect::Attempt::stop`].
    pub fn stop(self) -> Action {
        Action(Decision::Stop)
    }

    /// Fails the request with an error, as [`reqwest::redirect::Attempt::error`].
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
