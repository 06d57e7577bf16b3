//! The OpenTelemetry [resource]: the attributes of the program, exported with every batch.
//!
//! [resource]: https://opentelemetry.io/docs/specs/otel/resource/sdk/

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use crate::otlp;
use crate::redact::{self, REDACTED};
use crate::{Value, semconv};

/// The prefix of [`service.name`] for a service without a name. The name of the executable follows.
///
/// [`service.name`]: https://opentelemetry.io/docs/specs/semconv/resource/#service
const UNNAMED: &str = "unknown_service:";

/// The attributes of the program, encoded once.
///
/// The name of the service comes from `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, the platform or the executable,
/// in order of precedence.
///
/// # Examples
///
/// ```
/// use thundra_core::Resource;
///
/// let resource = Resource::new([("service.name".to_owned(), "billing".into())]);
/// assert_eq!(resource.service_name(), "billing");
/// ```
#[derive(Clone)]
pub struct Resource {
    attributes: Vec<(String, Value)>,
    encoded: Vec<u8>,
    /// The resource without credentials, made when first needed.
    redacted: OnceLock<Box<Resource>>,
}

/// Shows attributes without the credentials in them.
impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resource ")?;
        f.debug_map().entries(self.attributes.iter().map(|(key, value)| (key, shown(key, value)))).finish()
    }
}

/// Compares the attributes.
impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.attributes == other.attributes
    }
}

/// Returns the text of an attribute without the credentials in it.
fn shown<'a>(key: &str, value: &'a Value) -> Cow<'a, str> {
    match (redact::is_secret(key), value) {
        (true, _) => REDACTED.into(),
        (false, Value::Str(text)) => redact::text(&**text),
        (false, value) => redact::text(value.to_string()),
    }
}

impl Resource {
    /// Returns a resource with exactly the given attributes. The last value of a key wins.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::Resource;
    ///
    /// let resource = Resource::new([
    ///     ("service.name".to_owned(), "billing".into()),
    ///     ("service.name".to_owned(), "billing-eu".into()),
    ///     ("host.cpus".to_owned(), 4.into()),
    /// ]);
    /// assert_eq!((resource.service_name(), resource.attributes().len()), ("billing-eu", 2));
    /// ```
    pub fn new(attributes: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut kept: Vec<(String, Value)> = Vec::new();
        for (key, value) in attributes {
            match kept.iter_mut().find(|(known, _)| *known == key) {
                Some(slot) => slot.1 = value,
                None => kept.push((key, value)),
            }
        }
        let encoded = otlp::resource::encode(&kept);
        Resource { attributes: kept, encoded, redacted: OnceLock::new() }
    }

    /// Returns the attributes in order.
    pub fn attributes(&self) -> &[(String, Value)] {
        &self.attributes
    }

    /// Returns the value of an attribute.
    pub(crate) fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Returns the value of `service.name`.
    pub fn service_name(&self) -> &str {
        self.attribute(semconv::SERVICE_NAME).and_then(Value::as_str).unwrap_or("")
    }

    /// Returns the name of the program for people: the name of the service or, without a name, of the executable.
    #[doc(hidden)]
    pub fn program_name(&self) -> &str {
        let name = self.service_name();
        name.strip_prefix(UNNAMED).unwrap_or(name)
    }

    /// Returns the body of an OTLP `Resource` message.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Returns the resource without the credentials in it, for a log. A collector gets the attributes as configured.
    pub(crate) fn redacted(&self) -> &Resource {
        self.redacted.get_or_init(|| {
            let attribute = |(key, value): &(String, Value)| match shown(key, value) {
                shown if shown == value.to_string() => (key.clone(), value.clone()),
                shown => (key.clone(), shown.into_owned().into()),
            };
            Box::new(Resource::new(self.attributes.iter().map(attribute)))
        })
    }

    /// Returns the resource of a program with configured attributes and a configured name. The name wins over the
    /// attributes.
    pub(crate) fn of_program(attributes: Vec<(String, String)>, service_name: Option<String>) -> Self {
        let own = [
            (semconv::TELEMETRY_SDK_NAME, "opentelemetry".into()),
            (semconv::TELEMETRY_SDK_LANGUAGE, "rust".into()),
            (semconv::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION").into()),
            (semconv::TELEMETRY_DISTRO_NAME, "thundra".into()),
            (semconv::TELEMETRY_DISTRO_VERSION, env!("CARGO_PKG_VERSION").into()),
            (semconv::SERVICE_NAME, executable().into()),
        ];
        let own = own.map(|(key, value)| (key.to_owned(), value));
        let configured = attributes.into_iter().map(|(key, value)| (key, value.into()));
        let name = service_name.map(|name| (semconv::SERVICE_NAME.to_owned(), name.into()));
        Resource::new(own.into_iter().chain(configured).chain(name))
    }

    /// Adds detected attributes of the platform. Attributes of the resource win, except for a service named after the
    /// executable.
    #[doc(hidden)]
    pub fn add_detected(&mut self, detected: impl IntoIterator<Item = (String, Value)>) {
        let is_unnamed = self.service_name().starts_with(UNNAMED);
        let mut attributes = std::mem::take(&mut self.attributes);
        for (key, value) in detected {
            match attributes.iter_mut().find(|(known, _)| *known == key) {
                Some(slot) if is_unnamed && key == semconv::SERVICE_NAME => slot.1 = value,
                Some(_) => {}
                None => attributes.push((key, value)),
            }
        }
        *self = Resource::new(attributes);
    }
}

fn executable() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(|path| path.file_name()).and_then(|name| name.to_str());
    format!("{UNNAMED}{}", name.unwrap_or("rust"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(resource: &'a Resource, key: &str) -> Option<&'a str> {
        resource.attributes().iter().find(|(k, _)| k == key).and_then(|(_, v)| v.as_str())
    }

    #[test]
    fn the_service_name_is_decided_in_order() {
        let configured = vec![("service.name".into(), "from-attributes".into())];
        for (attributes, name, expected) in [
            (configured.clone(), None, "from-attributes"),
            (configured.clone(), Some("own".to_owned()), "own"),
            (vec![], Some("own".to_owned()), "own"),
        ] {
            let mut resource = Resource::of_program(attributes, name);
            resource.add_detected([("service.name".into(), "detected".into())]);
            assert_eq!((resource.service_name(), resource.program_name()), (expected, expected));
        }
        let mut unnamed = Resource::of_program(vec![], None);
        assert_eq!(unnamed.service_name(), format!("unknown_service:{}", unnamed.program_name()));
        assert!(unnamed.program_name().starts_with("thundra_core-"), "the executable: {}", unnamed.program_name());
        unnamed.add_detected([("service.name".into(), "detected".into())]);
        assert_eq!(unnamed.service_name(), "detected");
    }

    #[test]
    fn configured_attributes_win_over_detected_ones() {
        let mut resource = Resource::of_program(vec![("cloud.region".into(), "mine".into())], None);
        resource.add_detected([
            ("cloud.region".into(), "theirs".into()),
            ("faas.max_memory".into(), Value::I64(134_217_728)),
        ]);
        assert_eq!(text(&resource, "cloud.region"), Some("mine"));
        assert!(resource.attributes().contains(&("faas.max_memory".into(), Value::I64(134_217_728))));
        assert_eq!(resource, Resource::new(resource.attributes().to_vec()), "and it is encoded");
    }

    #[test]
    fn a_log_gets_no_secret_and_all_else_as_it_is() {
        let attributes = [
            ("service.name", "orders", "orders"),
            ("db.password", "pw", "REDACTED"),
            ("vendor.access_token", "abc", "REDACTED"),
            ("db.url", "postgres://u:pw@h/x", "postgres://REDACTED@h/x"),
            ("cloud.resource_id", "arn:aws:lambda:eu-west-1:123456789012:function:orders", ""),
            ("faas.instance", "2026/11/26/[$LATEST]0e2ac6d3a3a74a9a8a3a6cbe3b2b5a1c", ""),
            ("aws.log.group.names", "/aws/lambda/orders", ""),
            ("service.version", "1.4.0+build=7", ""),
            ("deployment.environment.name", "prod", ""),
        ];
        let given = attributes.map(|(key, value, _)| (key.to_owned(), Value::from(value)));
        let numbers = [("faas.max_memory".to_owned(), Value::I64(134_217_728)), ("ratio".to_owned(), 0.5.into())];
        let resource = Resource::new(given.into_iter().chain(numbers));
        let redacted = resource.redacted();
        for (key, value, expected) in attributes {
            let expected = if expected.is_empty() { value } else { expected };
            assert_eq!((text(&resource, key), text(redacted, key)), (Some(value), Some(expected)), "{key}");
        }
        assert_eq!(redacted.attributes()[9..], resource.attributes()[9..], "numbers stay numbers");
        let encoded = String::from_utf8_lossy(redacted.encoded()).into_owned();
        assert!(!encoded.contains("abc") && !encoded.contains("u:pw"), "{encoded}");
    }

    #[test]
    fn debug_shows_no_secret() {
        let configured = [("team", "x"), ("db.password", "pw"), ("db.url", "postgres://u:pw@h/x")];
        let configured = configured.map(|(key, value)| (key.to_owned(), Value::from(value)));
        assert_eq!(
            format!("{:?}", Resource::new(configured)),
            r#"Resource {"team": "x", "db.password": "REDACTED", "db.url": "postgres://REDACTED@h/x"}"#
        );
    }
}
