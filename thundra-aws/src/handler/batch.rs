//! `#[handler(batch)]`: the work on each record of a batch, by the type of the function's first argument.
//!
//! | the type | the work |
//! |---|---|
//! | a record of an event source, such as `SqsMessage` | `each_record` |
//! | `String` | `each_text` |
//! | `Vec<u8>` | `each_bytes` |
//! | any other | `each` |
//!
//! The compiler tells the types apart by method lookup, as in [`autoderef`](super::autoderef). The event is the event
//! of the attribute, else the event of the record, else [any event](AnyBatch), read by source on arrival.

use std::fmt::{self, Display};
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;

use aws_lambda_events::event::activemq::{ActiveMqEvent, ActiveMqMessage};
use aws_lambda_events::event::firehose::{KinesisFirehoseEvent, KinesisFirehoseEventRecord};
use aws_lambda_events::event::kafka::{KafkaEvent, KafkaRecord};
use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::event::rabbitmq::{RabbitMqEvent, RabbitMqMessage};
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use lambda_runtime::Error;
use serde::de::DeserializeOwned;

use crate::batch::any::{AnyBatch, AnyResponse, each_of_any};
use crate::batch::payload::{Bytes, Json, Text};
use crate::batch::{self, BatchEvent, Takes};

/// The placeholder for an event not named by the attribute.
#[derive(Debug)]
pub enum Unnamed {}

/// A record of the batches of an event.
pub trait BatchRecord: Sized {
    /// The event.
    type Event: BatchEvent<Record = Self>;
}

macro_rules! records {
    ($($(#[$cfg:meta])? $record:ty => $event:ty,)+) => {
        $($(#[$cfg])? impl BatchRecord for $record {
            type Event = $event;
        })+
    };
}

records! {
    SqsMessage => SqsEvent,
    KinesisEventRecord => KinesisEvent,
    #[cfg(feature = "dynamodb")] aws_lambda_events::event::dynamodb::EventRecord => aws_lambda_events::event::dynamodb::Event,
    KafkaRecord => KafkaEvent,
    ActiveMqMessage => ActiveMqEvent,
    RabbitMqMessage => RabbitMqEvent,
    KinesisFirehoseEventRecord => KinesisFirehoseEvent,
    #[cfg(feature = "s3-batch")] aws_lambda_events::event::s3::batch_job::S3BatchJobTask => aws_lambda_events::event::s3::batch_job::S3BatchJobEvent,
}

/// Returns the rungs on which `thundra_each` looks for the work on records handed over as a `T`.
pub fn records<T, E>() -> ByRecord<T, E> {
    Rung(Rung(Ground(PhantomData)))
}

/// A value with methods tried before the methods of the value below.
#[derive(Clone, Copy, Debug)]
pub struct Rung<Below>(Below);

/// The last value in the lookup.
pub struct Ground<T, E>(PhantomData<fn() -> (T, E)>);

type ByRecord<T, E> = Rung<ByType<T, E>>;
type ByType<T, E> = Rung<Ground<T, E>>;

impl<Below> Deref for Rung<Below> {
    type Target = Below;

    fn deref(&self) -> &Below {
        &self.0
    }
}

impl<T, E> Clone for Ground<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for Ground<T, E> {}

impl<T, E> fmt::Debug for Ground<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ground")
    }
}

impl<T: BatchRecord> ByRecord<T, Unnamed> {
    #[doc(hidden)]
    pub async fn thundra_each<R, Err, F, Fut>(
        self,
        event: T::Event,
        work: F,
    ) -> Result<<T::Event as BatchEvent>::Response, Error>
    where
        T::Event: Takes<R>,
        F: Fn(T) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        batch::each_record(event, work).await
    }
}

impl<T, E: BatchEvent<Record = T>> ByRecord<T, E> {
    #[doc(hidden)]
    pub async fn thundra_each<R, Err, F, Fut>(self, event: E, work: F) -> Result<E::Response, Error>
    where
        E: Takes<R>,
        F: Fn(T) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        batch::each_record(event, work).await
    }
}

impl ByType<String, Unnamed> {
    #[doc(hidden)]
    pub async fn thundra_each<R, Err, F, Fut>(self, event: AnyBatch, work: F) -> Result<AnyResponse, Error>
    where
        F: Fn(String) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        each_of_any::<Text, _, _, _, _, _>(event, work).await
    }
}

impl<E: BatchEvent> ByType<String, E> {
    #[doc(hidden)]
    pub async fn thundra_each<R, Err, F, Fut>(self, event: E, work: F) -> Result<E::Response, Error>
    where
        E: Takes<R>,
        F: Fn(String) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        batch::each_text(event, work).await
    }
}

impl ByType<Vec<u8>, Unnamed> {
    #[doc(hidden)]
    pub async fn thundra_each<R, Err, F, Fut>(self, event: AnyBatch, work: F) -> Result<AnyResponse, Error>
    where
        F: Fn(Vec<u8>) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        each_of_any::<Bytes, _, _, _, _, _>(event, work).await
    }
}

impl<E: BatchEvent> ByType<Vec<u8>, E> {
    #[doc(hidden)]
    pub async fn thundra_each<R, Err, F, Fut>(self, event: E, work: F) -> Result<E::Response, Error>
    where
        E: Takes<R>,
        F: Fn(Vec<u8>) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        batch::each_bytes(event, work).await
    }
}

/// A type that a record's payload can be read as.
#[diagnostic::on_unimplemented(
    message = "a record of a batch cannot be read as a `{Self}`",
    label = "no record, and no payload of one",
    note = "with `#[handler(batch)]`, `main` takes a record of aws_lambda_events = \"1\", a `String`, a `Vec<u8>`, or a type \
            with `#[derive(serde::Deserialize)]`, which is read from the JSON payload of a record"
)]
pub trait Payload: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Payload for T {}

impl<T> Ground<T, Unnamed> {
    #[doc(hidden)]
    pub async fn thundra_each<R, Err, F, Fut>(self, event: AnyBatch, work: F) -> Result<AnyResponse, Error>
    where
        T: Payload,
        F: Fn(T) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        each_of_any::<Json<T>, _, _, _, _, _>(event, work).await
    }
}

impl<T, E: BatchEvent> Ground<T, E> {
    #[doc(hidden)]
    pub async fn thundra_each<R, Err, F, Fut>(self, event: E, work: F) -> Result<E::Response, Error>
    where
        T: Payload,
        E: Takes<R>,
        F: Fn(T) -> Fut,
        Fut: Future<Output = Result<R, Err>>,
        Err: Display + 'static,
    {
        batch::each(event, work).await
    }
}
