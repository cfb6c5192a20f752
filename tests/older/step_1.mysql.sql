CREATE TABLE generations (
  generation BIGINT NOT NULL AUTO_INCREMENT,
  state VARCHAR(10) NOT NULL,
  engine VARCHAR(20) NOT NULL,
  source TEXT NOT NULL,
  started_at VARCHAR(32) NOT NULL,
  published_at VARCHAR(32),
  PRIMARY KEY (generation)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE inventory (
  generation BIGINT NOT NULL,
  quarter SMALLINT NOT NULL,
  part INTEGER NOT NULL,
  banner_ids TEXT NOT NULL,
  PRIMARY KEY (generation, quarter, part)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE lineups (
  generation BIGINT NOT NULL,
  quarter SMALLINT NOT NULL,
  campaign_id BIGINT NOT NULL,
  rule VARCHAR(20) NOT NULL,
  converting INTEGER NOT NULL,
  slots SMALLINT NOT NULL,
  revenue_micros BIGINT NOT NULL,
  banner_ids TEXT NOT NULL,
  figures TEXT NOT NULL,
  fill_ids TEXT NOT NULL,
  PRIMARY KEY (generation, quarter, campaign_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE performance (
  generation BIGINT NOT NULL,
  quarter SMALLINT NOT NULL,
  campaign_id BIGINT NOT NULL,
  banner_id BIGINT NOT NULL,
  impressions BIGINT NOT NULL,
  clicks BIGINT NOT NULL,
  conversions BIGINT NOT NULL,
  revenue_micros BIGINT NOT NULL,
  position SMALLINT,
  PRIMARY KEY (generation, quarter, campaign_id, banner_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE schema_steps (
  step INTEGER NOT NULL,
  taken_at VARCHAR(32) NOT NULL,
  PRIMARY KEY (step)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE active_generations (
  quarter SMALLINT NOT NULL,
  generation BIGINT NOT NULL,
  PRIMARY KEY (quarter),
  FOREIGN KEY(generation) REFERENCES generations (generation)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE generation_quarters (
  generation BIGINT NOT NULL,
  quarter SMALLINT NOT NULL,
  digest VARCHAR(64) NOT NULL,
  event_rows BIGINT NOT NULL,
  summary TEXT(1000000) NOT NULL,
  PRIMARY KEY (generation, quarter),
  FOREIGN KEY(generation) REFERENCES generations (generation)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

