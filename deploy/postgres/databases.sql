-- A database a service, and a user that can reach no other. Run once, by the image, on an empty data folder.
\getenv intake INTAKE_DB_PASSWORD
\getenv grid GRID_DB_PASSWORD
\getenv partners PARTNERS_DB_PASSWORD
\getenv notify NOTIFY_DB_PASSWORD

CREATE ROLE intake LOGIN PASSWORD :'intake';
CREATE ROLE grid LOGIN PASSWORD :'grid';
CREATE ROLE partners LOGIN PASSWORD :'partners';
CREATE ROLE notify LOGIN PASSWORD :'notify';

CREATE DATABASE intake OWNER intake;
CREATE DATABASE grid OWNER grid;
CREATE DATABASE partners OWNER partners;
CREATE DATABASE notify OWNER notify;

REVOKE CONNECT ON DATABASE intake, grid, partners, notify FROM PUBLIC;
