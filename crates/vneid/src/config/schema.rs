//! The settings as JSON Schema (draft 2020-12): editors complete and check the file with it, people
//! read it.

use serde_json::{Map, Value, json};

use super::settings::{Kind, SETTINGS, Setting};

pub fn json_schema() -> Value {
    let mut root = Map::new();
    for setting in SETTINGS {
        match setting.key.split_once('.') {
            None => {
                root.insert(setting.key.to_owned(), property(setting));
            }
            Some((table, key)) => {
                let section = root.entry(table).or_insert_with(|| object(&Map::new()));
                if let Some(Value::Object(properties)) = section.get_mut("properties") {
                    properties.insert(key.to_owned(), property(setting));
                }
            }
        }
    }
    let mut schema = object(&root);
    if let Value::Object(members) = &mut schema {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!("Configuration of vneid"));
        members.insert("required".to_owned(), json!(["issuer", "storage", "keys"]));
    }
    schema
}

fn object(properties: &Map<String, Value>) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(setting: &Setting) -> Value {
    let description = format!("{} Environment: {}", setting.about, setting.variable());
    match setting.kind {
        Kind::Text => json!({ "type": "string", "description": description }),
        Kind::Choice(choices) => json!({ "enum": choices, "description": description }),
        Kind::Flag => json!({ "type": "boolean", "description": description }),
        Kind::Number => json!({ "type": "integer", "minimum": 1, "description": description }),
        Kind::Texts => {
            json!({ "type": "array", "items": { "type": "string" }, "description": description })
        }
    }
}
