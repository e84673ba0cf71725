//! Rows of one table in the binary format of COPY (PostgreSQL documentation, COPY, "Binary Format"):
//! nothing is escaped, and bytes are not doubled as hexadecimal.

use storage::StoreError;
use uuid::Uuid;

use crate::database::{Connection, Fault};

/// Signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: [u8; 2] = (-1_i16).to_be_bytes();
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

#[derive(Clone, Copy)]
pub enum Value<'a> {
    Id(Uuid),
    Number(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Flag(bool),
    Null,
}

impl Value<'_> {
    pub fn maybe(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

pub struct Sheet {
    /// Table and columns.
    into: &'static str,
    bytes: Vec<u8>,
}

impl Sheet {
    pub fn of(into: &'static str) -> Self {
        Self { into, bytes: HEADER.to_vec() }
    }

    pub fn row(&mut self, values: &[Value<'_>]) -> Result<(), Fault> {
        let count = i16::try_from(values.len()).map_err(|_| too_long())?;
        self.bytes.extend_from_slice(&count.to_be_bytes());
        for value in values {
            match value {
                Value::Id(id) => self.field(id.as_bytes())?,
                Value::Number(number) => self.field(&number.to_be_bytes())?,
                Value::Text(text) => self.field(text.as_bytes())?,
                Value::Bytes(bytes) => self.field(bytes)?,
                Value::Flag(flag) => self.field(&[u8::from(*flag)])?,
                Value::Null => self.bytes.extend_from_slice(&NULL),
            }
        }
        Ok(())
    }

    fn field(&mut self, value: &[u8]) -> Result<(), Fault> {
        let length = i32::try_from(value.len()).map_err(|_| too_long())?;
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    pub async fn copy_to(mut self, connection: &mut Connection) -> Result<(), Fault> {
        if self.bytes.len() == HEADER.len() {
            return Ok(());
        }
        self.bytes.extend_from_slice(&END);
        let statement = format!("COPY {} FROM STDIN (FORMAT binary)", self.into);
        let mut copy = connection.copy_in_raw(&statement).await?;
        copy.send(self.bytes).await?;
        copy.finish().await?;
        Ok(())
    }
}

fn too_long() -> Fault {
    StoreError::corrupt("a row that is too long to be copied").into()
}
