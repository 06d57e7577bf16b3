//! A wrapped function behaves like the original function: results, order of drops, `Send`.

use std::{
    cell::{Cell, RefCell},
    error::Error as StdError,
    rc::Rc,
};

use thundra_aws::{Context, LambdaEvent, handler};

type Log = Rc<RefCell<Vec<&'static str>>>;

struct Noisy(&'static str, Log);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

fn event<T>(payload: T) -> LambdaEvent<T> {
    LambdaEvent::new(payload, Context::default())
}

/// The second error coerces only if the type of the result is known.
#[handler]
async fn fails(event: LambdaEvent<u8>) -> Result<u8, Box<dyn StdError>> {
    if event.payload == 0 {
        return Err(Box::new(std::fmt::Error));
    }
    let number = "x".parse::<u8>()?;
    Ok(number)
}

#[handler]
async fn coerces(event: LambdaEvent<u8>) -> Box<dyn Fn(u8) -> u8> {
    Box::new(move |n| n + event.payload)
}

/// The last expression borrows from an argument until after the block ends.
#[handler]
async fn borrows(LambdaEvent { payload: cell, .. }: LambdaEvent<RefCell<u8>>) -> u8 {
    *cell.borrow()
}

async fn bare_drops((a, _b): (Noisy, Noisy), c: Noisy, _: Noisy, log: Log) {
    let _local = Noisy("local", log);
    let _ = (&a, &c);
}

#[handler]
async fn drops((a, _b): (Noisy, Noisy), c: Noisy, _: Noisy, log: Log) {
    let _local = Noisy("local", log);
    let _ = (&a, &c);
}

#[handler]
async fn not_sync(event: LambdaEvent<Cell<u8>>) -> Result<Cell<u8>, Cell<u8>> {
    tokio::task::yield_now().await;
    Ok(event.payload)
}

#[handler]
async fn waits<T, E>(event: LambdaEvent<T>, result: Result<T, E>) -> Result<(T, T), E> {
    let value = result?;
    tokio::task::yield_now().await;
    Ok((event.payload, value))
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(fails(event(0)).await.unwrap_err().to_string(), std::fmt::Error.to_string());
    assert_eq!(fails(event(1)).await.unwrap_err().to_string(), "invalid digit found in string");
    assert_eq!(coerces(event(1)).await(2), 3);
    assert_eq!(borrows(event(RefCell::new(4))).await, 4);

    assert_eq!(is_send(not_sync(event(Cell::new(5)))).await.unwrap().get(), 5);
    assert_eq!(is_send(waits(event(6), Ok::<_, Cell<u8>>(7))).await.unwrap(), (6, 7));
    assert_eq!(waits(event(Rc::new(6)), Err("no")).await.unwrap_err(), "no");

    let (bare, wrapped) = (Log::default(), Log::default());
    let noisy = |name, log: &Log| Noisy(name, log.clone());
    bare_drops((noisy("a", &bare), noisy("b", &bare)), noisy("c", &bare), noisy("_", &bare), bare.clone()).await;
    drops((noisy("a", &wrapped), noisy("b", &wrapped)), noisy("c", &wrapped), noisy("_", &wrapped), wrapped.clone())
        .await;
    assert_eq!(wrapped, bare);
}
