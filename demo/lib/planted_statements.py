"""Statements with secrets in columns, keys, JSON, comments, literals, names and definitions."""

import json
import string
import subprocess

from planted import random_number, random_text, random_token
from scene import random_secret

SCHEMA = """
CREATE DATABASE shop;
CREATE TABLE shop.users (id INT PRIMARY KEY, name VARCHAR(40), password VARCHAR(100), phone VARCHAR(40), note TEXT, doc JSON, secret_blob BLOB,
    pin_token BIGINT);
CREATE TABLE shop.tokens (token VARCHAR(80) PRIMARY KEY, limits INT);
CREATE TABLE shop.places (place VARCHAR(80), area INT, limits INT, PRIMARY KEY (area, place));
CREATE TABLE shop.pairs (id INT PRIMARY KEY, name VARCHAR(40), value VARCHAR(100));
"""


def rows(plants):
    """Changes that MySQL logs as rows, with their statements beside them."""
    put = plants.put
    blob, number, hexed = put("column of bytes", random_secret(24)), put("column of numbers", str(random_number())), random_secret()
    put("literal in hexadecimal digits", hexed)
    document = {
        "db": {"password": put("JSON column")},
        "list": [{"key": "api.secret", "value": put("JSON column, pair in a list")}],
        "tokens": {put("JSON column, key"): ["bob"], "deep": [[put("JSON column, lists")]]},
        "url": f"mysql://a:{put('JSON column, address')}@h/",
        "limit": 5,
    }
    key, renamed = put("key column", shown="key"), put("key column, renamed", shown="key")
    xid = f"token={put('name of an XA transaction')}"
    return [
        f"INSERT INTO shop.users VALUES (1,'bob','{put('column, inserted')}','{put('column listed by the operator', '139' + random_text(8, string.digits))}',"
        f"'see mysql://root:{put('address in a text column')}@db/x','{json.dumps(document)}','{blob}',{number})",
        f"UPDATE shop.users SET password='{put('column and literal, updated')}' WHERE id=1 /*user='alice',ticket='CHG-1'*/",
        f"UPDATE shop.users SET password=0x{hexed.encode().hex()} WHERE id=1",
        f"UPDATE shop.users SET password=CONCAT('','{put('literal within a call')}') WHERE id=1",
        f"UPDATE shop.users SET name='b2' WHERE id=1 /* password={put('SQL comment')} */",
        f"UPDATE shop.users SET name='b3' -- token is {put('SQL comment at the end of a line')}\n WHERE id=1",
        f"UPDATE shop.users SET name='b4' /*!50000 , password='{put('SQL comment that is executed')}' */ WHERE id=1",
        f"UPDATE shop.users SET name='b5' WHERE id=1 /*user='alice',reason='token {put('sqlcommenter value', random_token())}'*/",
        f"UPDATE shop.users SET name='b6' WHERE id=1 AND password<>'{put('literal in a condition')}'",
        f"UPDATE shop.users SET note='password: {put('document in a text column')}\\nlimit: 5' WHERE id=1",
        f"UPDATE shop.users SET doc=JSON_SET(doc,'$.db.password','{put('JSON path and literal')}') WHERE id=1",
        f"INSERT INTO shop.tokens VALUES ('{key}', 5)",
        f"UPDATE shop.tokens SET token='{renamed}' WHERE token='{key}'",
        f"DELETE FROM shop.tokens WHERE token='{renamed}'",
        f"INSERT INTO shop.places VALUES ('{put('key of two columns, by its shape', random_token(), shown='key')}', 7, 5)",
        f"INSERT INTO shop.pairs VALUES (1,'db.password','{put('pair of name and value columns')}')",
        f"XA START '{xid}'; UPDATE shop.users SET password='{put('XA transaction')}' WHERE id=1; XA END '{xid}'; XA PREPARE '{xid}'; XA COMMIT '{xid}'",
    ]


def statements(plants):
    """Changes that MySQL logs as statements."""
    put = plants.put
    return [
        f"SET SESSION binlog_format=STATEMENT; UPDATE shop.users SET name='c1', password='{put('statement that is not logged as rows')}' WHERE id=1",
        f"INSERT INTO shop.users (id, password) VALUES (2, '{put('values of a statement')}'), (3, '{put('values of a statement, second row')}')",
        f"SET @pin='{put('user variable', shown='nowhere')}'; UPDATE shop.users SET password=@pin WHERE id=2; SET SESSION binlog_format=ROW",
        f"ALTER TABLE shop.pairs ADD COLUMN api_secret VARCHAR(60) DEFAULT '{put('default in DDL')}'",
        f"ALTER TABLE shop.pairs COMMENT 'the password is {put('comment in DDL')}'",
        f"CREATE TABLE shop.far (id INT COMMENT 'token: {put('comment of a column')}') CONNECTION='mysql://app:{put('address in DDL')}@db/d/t'",
        f"CREATE VIEW shop.v AS SELECT '{put('literal of a view')}' AS password",
        f"CREATE PROCEDURE shop.p() UPDATE shop.users SET password='{put('body of a procedure')}' WHERE id=9",
        f"CREATE TRIGGER shop.tr BEFORE INSERT ON shop.pairs FOR EACH ROW SET NEW.api_secret='{put('body of a trigger')}'",
        f"CREATE EVENT shop.ev ON SCHEDULE EVERY 1 DAY DISABLE DO UPDATE shop.users SET password='{put('body of an event')}'",
        f"CREATE USER bob@'%' IDENTIFIED WITH 'caching_sha2_password' BY '{put('CREATE USER', masked='bob@%', shown='account')}'",
        f"CREATE USER ann@'%'; ALTER USER ann@'%' IDENTIFIED BY '{put('ALTER USER', masked='ann@%', shown='account')}'",
        f"CREATE USER eve@'%'; SET PASSWORD FOR eve@'%' = '{put('SET PASSWORD', masked='eve@%', shown='account')}'",
        f"ALTER USER bob@'%' ATTRIBUTE '{{\"api_token\": \"{put('attribute of an account')}\"}}'",
        f"ALTER USER bob@'%' COMMENT 'password: {put('comment of an account')}'",
    ]


def on_mariadb(plants):
    """What MariaDB has of its own, and what it logs otherwise than MySQL."""
    put = plants.put
    return [
        f"INSERT INTO shop.users (id, name, password, doc) VALUES (1,'bob','{put('MariaDB column')}','{{\"password\": \"{put('MariaDB JSON column')}\"}}')",
        f"UPDATE shop.users SET name='b2' WHERE id=1 /*M! AND password<>'{put('MariaDB comment that is executed')}' */",
        f"CREATE USER bob@'%' IDENTIFIED BY '{put('MariaDB CREATE USER', masked='bob@%', shown='account')}'",
        f"GRANT SELECT ON shop.* TO eve@'%' IDENTIFIED BY '{put('MariaDB GRANT', masked='eve@%', shown='account')}'",
        f"CREATE USER ann@'%'; SET PASSWORD FOR ann@'%' = PASSWORD('{put('MariaDB SET PASSWORD', masked='ann@%', shown='account')}')",
        f"CREATE TABLE shop.far (id INT) CONNECTION='mysql://app:{put('MariaDB address in DDL')}@db/d/t'",
        f"SET STATEMENT max_statement_time=10 FOR UPDATE shop.users SET password='{put('MariaDB SET STATEMENT')}' WHERE id=1",
    ]


def load_data(plants, server, directory):
    """LOAD DATA, with a secret in its file and one in its text."""
    (directory / "pairs.csv").write_text(f"7,api.token,{plants.put('file that LOAD DATA reads')}\n")
    sql = (f"LOAD DATA LOCAL INFILE '{directory}/pairs.csv' INTO TABLE shop.pairs FIELDS TERMINATED BY ',' (id, name, value) "
           f"/* password={plants.put('comment in LOAD DATA')} */")
    command = [str(part) for part in server.client("root", "", "--local-infile=1")]
    subprocess.run(command, input=sql, capture_output=True, text=True, timeout=60, check=True)
