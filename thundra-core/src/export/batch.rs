//! The records of one request.

use std::sync::Arc;

use crate::otlp::{json, request};
use crate::{Records, Resource, Signal, SpanData};

/// The content of one request: records of one [`Signal`], and the attributes of the program.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use thundra_core::export::Batch;
/// use thundra_core::{Resource, Scope, Signal};
///
/// let batch = Batch::new(Arc::new(Resource::new([])), Scope::builder("invocation").begin().finish());
/// assert_eq!((batch.signal(), batch.count()), (Signal::Traces, 1));
/// assert!(batch.to_json().contains(r#""name":"invocation""#));
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    resource: Arc<Resource>,
    records: Records,
}

impl Batch {
    /// Makes a batch of the records of a program.
    pub fn new(resource: Arc<Resource>, records: Records) -> Self {
        Batch { resource, records }
    }

    /// Returns the attributes of the program.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Returns the kind of the records.
    pub fn signal(&self) -> Signal {
        self.records.signal()
    }

    /// Returns the number of spans, log records or data points.
    pub fn count(&self) -> u32 {
        self.records.count()
    }

    /// Iterates over the spans, in the order they ended. Yields nothing for another signal.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use thundra_core::export::Batch;
    /// use thundra_core::{Resource, Scope};
    ///
    /// let records = Scope::builder("checkout").attribute("cart.items", 2).begin().finish();
    /// let batch = Batch::new(Arc::new(Resource::new([])), records);
    /// let names: Vec<_> = batch.spans().map(|span| span.name).collect();
    /// assert_eq!(names, ["checkout"]);
    /// ```
    pub fn spans(&self) -> impl Iterator<Item = SpanData> + '_ {
        self.records.spans()
    }

    /// Returns the body of the signal's [OTLP request] as protobuf: `ExportTraceServiceRequest`,
    /// `ExportLogsServiceRequest` or `ExportMetricsServiceRequest`.
    ///
    /// [OTLP request]: https://github.com/open-telemetry/opentelemetry-proto/tree/v1.7.0/opentelemetry/proto/collector
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    /// use prost::Message;
    /// use thundra_core::export::Batch;
    /// use thundra_core::{Resource, Scope};
    ///
    /// let batch = Batch::new(Arc::new(Resource::new([])), Scope::builder("checkout").begin().finish());
    /// let request = ExportTraceServiceRequest::decode(&*batch.to_protobuf())?;
    /// assert_eq!(request.resource_spans[0].scope_spans[0].spans[0].name, "checkout");
    /// # Ok::<(), prost::DecodeError>(())
    /// ```
    pub fn to_protobuf(&self) -> Vec<u8> {
        request::encode(self.resource.encoded(), self.records.bytes())
    }

    /// Returns the same body for a log: without credentials in the attributes of the program.
    pub(crate) fn to_protobuf_for_log(&self) -> Vec<u8> {
        request::encode(self.resource.redacted().encoded(), self.records.bytes())
    }

    /// Returns the body of the signal's OTLP request as [JSON].
    ///
    /// [JSON]: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use thundra_core::export::Batch;
    /// use thundra_core::{Resource, Scope};
    ///
    /// let resource = Resource::new([("service.name".to_owned(), "billing".into())]);
    /// let json = Batch::new(Arc::new(resource), Scope::builder("checkout").begin().finish()).to_json();
    /// assert!(json.contains(r#"{"key":"service.name","value":{"stringValue":"billing"}}"#));
    /// ```
    pub fn to_json(&self) -> String {
        json::request(self.signal(), &self.to_protobuf())
    }

    pub(crate) fn records(&self) -> &Records {
        &self.records
    }

    /// Returns a batch of the same program with other records.
    pub(super) fn with_records(&self, records: Records) -> Batch {
        Batch { resource: self.resource.clone(), records }
    }

    pub(crate) fn into_records(self) -> Records {
        self.records
    }
}
