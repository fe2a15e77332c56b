//! Tokens: a hash each, and the act that made or ended it in the same transaction.

use async_trait::async_trait;
use conftrail_core::own::{Act, Role, Token};
use conftrail_core::ports::Tokens;
use conftrail_core::{PortResult, Timestamp};
use rusqlite::{Connection, Params, Row, params};

use super::ControlStore;
use super::acts;
use crate::error::{During as _, Error};

#[async_trait]
impl Tokens for ControlStore {
    async fn create_token(&self, token: &Token, act: &Act) -> PortResult<()> {
        let (token, act) = (token.clone(), act.clone());
        self.database.write(move |connection| create(connection, &token, &act)).await.during("create a token")
    }

    async fn token_by_hash(&self, hash: &str) -> PortResult<Option<Token>> {
        let hash = hash.to_owned();
        let reading = self.database.read(move |connection| by_hash(connection, &hash));
        reading.await.during("look up a token")
    }

    async fn tokens(&self) -> PortResult<Vec<Token>> {
        self.database.read(|connection| select(connection, "ORDER BY seq", [])).await.during("list tokens")
    }

    async fn revoke_token(&self, name: &str, now: Timestamp, act: &Act) -> PortResult<bool> {
        let (name, act) = (name.to_owned(), act.clone());
        let revoking = self.database.write(move |connection| revoke(connection, &name, now, &act));
        revoking.await.during("revoke a token")
    }
}

fn create(connection: &Connection, token: &Token, act: &Act) -> Result<(), Error> {
    if let Some(known) = by_hash(connection, &token.hash)? {
        // The same creation again: its answer was lost.
        let repeated = known == *token;
        return if repeated { Ok(()) } else { Err(Error::Rejected("use another secret: this one is taken")) };
    }
    let of_name = select(connection, "WHERE name = ?1", [&token.name])?;
    if of_name.iter().any(|other| other.is_valid(act.time)) {
        return Err(Error::Rejected("use another name: a valid token has this one"));
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO tokens (name, role, hash, created, expires, revoked, filter)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    insert.execute(params![
        token.name,
        token.role.as_str(),
        token.hash,
        token.created.micros(),
        token.expires.map(Timestamp::micros),
        token.revoked.map(Timestamp::micros),
        token.filter,
    ])?;
    acts::insert(connection, act)
}

fn revoke(connection: &Connection, name: &str, now: Timestamp, act: &Act) -> Result<bool, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE tokens SET revoked = ?2
         WHERE name = ?1 AND revoked IS NULL AND (expires IS NULL OR expires > ?2)",
    )?;
    let was_valid = update.execute(params![name, now.micros()])? > 0;
    if was_valid {
        acts::insert(connection, act)?;
    }
    Ok(was_valid)
}

fn by_hash(connection: &Connection, hash: &str) -> Result<Option<Token>, Error> {
    Ok(select(connection, "WHERE hash = ?1", [hash])?.pop())
}

fn select(connection: &Connection, rest: &str, parameters: impl Params) -> Result<Vec<Token>, Error> {
    let sql = format!("SELECT name, role, hash, created, expires, revoked, filter FROM tokens {rest}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(parameters)?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        tokens.push(read(row)?);
    }
    Ok(tokens)
}

fn read(row: &Row<'_>) -> Result<Token, Error> {
    let word: String = row.get(1)?;
    let role = Role::ALL.into_iter().find(|role| role.as_str() == word);
    let expires: Option<i64> = row.get(4)?;
    let revoked: Option<i64> = row.get(5)?;
    Ok(Token {
        name: row.get(0)?,
        role: role.ok_or(Error::Undecodable("a token's role"))?,
        hash: row.get(2)?,
        created: Timestamp::from_micros(row.get(3)?),
        expires: expires.map(Timestamp::from_micros),
        revoked: revoked.map(Timestamp::from_micros),
        filter: row.get(6)?,
    })
}
