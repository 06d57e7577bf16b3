//! The settings of HTTP clients and servers, and their variables.

use std::sync::OnceLock;

use http::HeaderName;
use thundra_core::config::{Reader, Section, Variable, is_token, read_section};
use thundra_core::{ConfigProblem, Env};

use crate::host_patterns::{self, HostPatterns, Pattern};
use crate::xray_daemon::{self, XRayDaemonAddress};

const METHODS: &str = "a list of methods such as GET,POST";
const HEADERS: &str = "a list of header names such as content-type,x-request-id";

/// The default of the known methods: all of RFC 9110, `PATCH` and `QUERY`, frequent methods first.
const KNOWN_METHODS: [&str; 10] =
    ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"];

thundra_core::variables! {
    /// The variables of this crate.
    #[doc(hidden)]
    pub const VARIABLES;

    METHODS_KNOWN = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS" {
        form: METHODS,
        default: "`CONNECT,DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT,QUERY,TRACE`",
        meaning: "All HTTP methods to name spans after, in their exact case. Any other method is recorded as `_OTHER`.",
    }
    CLIENT_REQUEST_HEADERS = "OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS" {
        form: HEADERS,
        default: "",
        meaning: "Headers of sent requests to record as attributes, without credentials and query values.",
    }
    CLIENT_RESPONSE_HEADERS = "OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS" {
        form: HEADERS,
        default: "",
        meaning: "Headers of the responses to sent requests to record as attributes.",
    }
    SERVER_REQUEST_HEADERS = "OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS" {
        form: HEADERS,
        default: "",
        meaning: "Headers of received requests to record as attributes.",
    }
    SERVER_RESPONSE_HEADERS = "OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS" {
        form: HEADERS,
        default: "",
        meaning: "Headers of the responses to received requests to record as attributes.",
    }
    XRAY_DAEMON = "AWS_XRAY_DAEMON_ADDRESS" {
        form: xray_daemon::FORM,
        default: "`127.0.0.1:2000`",
        meaning: "The X-Ray daemon of the exporter `xray`. Lambda sets it.",
    }
    PROPAGATE_HOSTS = "THUNDRA_PROPAGATE_HOSTS" {
        form: host_patterns::FORM,
        default: "",
        meaning: "Hosts outside of the private network to send correlation ids and baggage to. Public AWS host names count as outside.",
    }
}

/// The settings of HTTP clients and servers.
///
/// Installing telemetry reads the settings from the environment, unless code sets them on the builder of the telemetry.
///
/// # Examples
///
/// ```
/// use thundra_core::Env;
/// use thundra_http::Settings;
///
/// let mut settings = Settings::from_env(&Env::process());
/// settings.propagate_hosts = "*.partner.example".parse()?;
/// # Ok::<(), thundra_http::InvalidHostPattern>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Hosts outside of the private network to send correlation ids and baggage to. Defaults to no host.
    pub propagate_hosts: HostPatterns,
    /// The known HTTP methods, by their exact case. Spans are named after a known method; any other method is recorded
    /// as `_OTHER`. Defaults to the methods of RFC 9110, `PATCH` and `QUERY`.
    pub known_methods: Vec<String>,
    /// The X-Ray daemon of the exporter `xray`. Defaults to `127.0.0.1:2000`.
    pub xray_daemon: XRayDaemonAddress,
    /// The headers recorded as attributes.
    pub captured_headers: CapturedHeaders,
}

/// HTTP headers recorded as attributes. Defaults to no header.
///
/// # Examples
///
/// ```
/// use http::header::{CONTENT_TYPE, HeaderName};
/// use thundra_http::Settings;
///
/// let mut settings = Settings::default();
/// settings.captured_headers.server_request = vec![CONTENT_TYPE, HeaderName::from_static("x-request-id")];
/// let telemetry = thundra_http::Telemetry::builder().settings(settings);
/// # let _ = telemetry;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapturedHeaders {
    /// Headers of sent requests.
    pub client_request: Vec<HeaderName>,
    /// Headers of the responses to sent requests.
    pub client_response: Vec<HeaderName>,
    /// Headers of received requests.
    pub server_request: Vec<HeaderName>,
    /// Headers of the responses to received requests.
    pub server_response: Vec<HeaderName>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            propagate_hosts: HostPatterns::default(),
            known_methods: KNOWN_METHODS.map(str::to_owned).to_vec(),
            xray_daemon: XRayDaemonAddress::default(),
            captured_headers: CapturedHeaders::default(),
        }
    }
}

impl Settings {
    /// Reads the settings, and reports each invalid value on standard error.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::Env;
    /// use thundra_http::Settings;
    ///
    /// let settings = Settings::from_env(&Env::from_pairs([("THUNDRA_PROPAGATE_HOSTS", "*.partner.example")]));
    /// assert!(settings.propagate_hosts.matches("api.partner.example"));
    /// ```
    pub fn from_env(env: &Env) -> Self {
        let (settings, problems) = Self::read(env);
        thundra_core::config::report(&problems);
        settings
    }

    /// Reads the settings, and returns a problem for each invalid value.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::Env;
    /// use thundra_http::Settings;
    ///
    /// let env = Env::from_pairs([("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET;POST")]);
    /// let (settings, problems) = Settings::read(&env);
    /// assert_eq!(problems[0].accepted(), "a list of methods such as GET,POST");
    /// assert_eq!(settings, Settings::default());
    /// ```
    pub fn read(env: &Env) -> (Self, Vec<ConfigProblem>) {
        read_section(env)
    }
}

impl Section for Settings {
    const VARIABLES: &'static [Variable] = VARIABLES;
    const IS_LAST: bool = !cfg!(feature = "__dependents");

    fn read(reader: &mut Reader<'_>) -> Self {
        let method = |name: &str| is_token(name).then(|| name.to_owned());
        let mut headers = |variable| reader.items(variable, |name| name.parse().ok()).unwrap_or_default();
        let captured_headers = CapturedHeaders {
            client_request: headers(&CLIENT_REQUEST_HEADERS),
            client_response: headers(&CLIENT_RESPONSE_HEADERS),
            server_request: headers(&SERVER_REQUEST_HEADERS),
            server_response: headers(&SERVER_RESPONSE_HEADERS),
        };
        let hosts = reader.items(&PROPAGATE_HOSTS, Pattern::parse).unwrap_or_default();
        let default = Settings::default();
        let daemon = reader.parsed(&XRAY_DAEMON).or_else(|| XRayDaemonAddress::of_lambda(reader.env()));
        Settings {
            propagate_hosts: HostPatterns::from_patterns(hosts),
            xray_daemon: daemon.unwrap_or(default.xray_daemon),
            known_methods: reader.items(&METHODS_KNOWN, method).unwrap_or(default.known_methods),
            captured_headers,
        }
    }
}

/// Returns the settings of the process, as installed or, before an installation, from the environment.
#[doc(hidden)]
pub fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(thundra_core::settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> (Settings, Vec<ConfigProblem>) {
        Settings::read(&Env::from_pairs([(name, value)]))
    }

    /// Returns an invalid value of a variable.
    fn bad_value(name: &str) -> &'static str {
        match name {
            "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS" => "GET;POST",
            "THUNDRA_PROPAGATE_HOSTS" => "https://partner.example",
            "AWS_XRAY_DAEMON_ADDRESS" => "127.0.0.1",
            name if name.contains("_CAPTURE_") => "a: b",
            name => panic!("a bad value of {name}?"),
        }
    }

    #[test]
    fn a_bad_value_of_any_variable_is_one_problem_and_its_default_serves() {
        for Variable { name, form, .. } in VARIABLES {
            for value in [bad_value(name), ",,"] {
                let (settings, problems) = read(name, value);
                let [problem] = problems.as_slice() else { panic!("{name}: {problems:?}") };
                assert_eq!((problem.variable(), problem.accepted()), (*name, *form));
                assert_eq!(settings, Settings::default(), "{name}={value}");
            }
        }
    }

    #[test]
    fn the_problem_shows_the_items_that_are_not_used() {
        for (name, value, shown) in [
            ("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET,B REW", "\"B REW\""),
            ("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS", "A,b c,é", "\"b c,é\""),
            ("THUNDRA_PROPAGATE_HOSTS", "a.example,https://u:s3cr3t@h", "\"https://REDACTED@h\""),
        ] {
            let (_, problems) = read(name, value);
            assert_eq!(problems.iter().map(ConfigProblem::value).collect::<Vec<_>>(), [Some(shown)], "{name}");
        }
    }

    #[test]
    fn the_other_items_of_a_list_serve() {
        let (settings, _) = read("OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS", "A,b c");
        assert_eq!(settings.captured_headers.server_request, ["a"]);
        let (settings, _) = read("THUNDRA_PROPAGATE_HOSTS", "*.example.com,2001:db8::/32,[::1],10.0.0.0/8,a:1");
        assert_eq!(
            settings.propagate_hosts.entries().collect::<Vec<_>>(),
            ["*.example.com", "2001:db8::/32", "[::1]", "10.0.0.0/8"]
        );
    }

    #[test]
    fn the_daemon_is_that_of_the_variable_else_of_lambda_else_of_this_host() {
        let lambda = [("_AWS_XRAY_DAEMON_ADDRESS", "169.254.79.129"), ("_AWS_XRAY_DAEMON_PORT", "2000")];
        let both = [lambda[0], lambda[1], ("AWS_XRAY_DAEMON_ADDRESS", "udp:10.0.0.1:7")];
        for (pairs, daemon) in [(&both[..], "10.0.0.1:7"), (&lambda, "169.254.79.129:2000"), (&[], "127.0.0.1:2000")] {
            let settings = Settings::from_env(&Env::from_pairs(pairs.iter().copied()));
            assert_eq!(settings.xray_daemon.to_string(), daemon);
        }
    }

    #[test]
    fn known_methods_are_listed_in_their_case() {
        let (settings, problems) = read("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET, Brew,");
        assert_eq!((settings.known_methods, problems.len()), (vec!["GET".to_owned(), "Brew".to_owned()], 0));
        assert_eq!(Settings::default().known_methods, KNOWN_METHODS);
    }
}
