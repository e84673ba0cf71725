//! Values in columns: numbers that fit, enumerations by name, structures as JSON.

use std::any::type_name;

use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};
use storage::StoreError;

use crate::database::Fault;

/// Into the only integer both databases have.
pub fn integer<N: TryInto<i64>>(number: N) -> Result<i64, Fault> {
    number.try_into().map_err(|_| corrupt::<N>())
}

/// Back from it.
pub fn number<N: TryFrom<i64>>(integer: i64) -> Result<N, Fault> {
    N::try_from(integer).map_err(|_| corrupt::<N>())
}

pub fn bytes<const N: usize>(column: &[u8]) -> Result<[u8; N], Fault> {
    column.try_into().map_err(|_| corrupt::<[u8; N]>())
}

pub fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|_| corrupt::<T>())
}

pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|_| corrupt::<T>())
}

/// The name of a variant without fields, as serde spells it.
pub fn name<T: Serialize>(variant: &T) -> Result<String, Fault> {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(_) | Err(_) => Err(corrupt::<T>()),
    }
}

pub fn from_name<T: for<'de> Deserialize<'de>>(name: &str) -> Result<T, Fault> {
    T::deserialize(StrDeserializer::<serde_json::Error>::new(name)).map_err(|_| corrupt::<T>())
}

/// Names the type only: a cause would quote the value, and values may be personal data.
fn corrupt<T>() -> Fault {
    StoreError::corrupt(format_args!("not a {}", type_name::<T>())).into()
}
