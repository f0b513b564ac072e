<?php
// The site of the tests: SQLite beside this file, no cron, no mail, nothing from outside.
define('DB_NAME', 'wordpress'); define('DB_USER', 'wp'); define('DB_PASSWORD', 'wp'); define('DB_HOST', 'localhost');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('DB_DIR', __DIR__ . '/'); define('DB_FILE', 'wp.sqlite');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $k) {
    define($k . '_KEY', 'test-key-' . $k);
    define($k . '_SALT', 'test-salt-' . $k);
}
// The same site is reached at its own port and through the fault proxy: links follow the address that was asked.
$host = $_SERVER['HTTP_HOST'] ?? '127.0.0.1';
if (!preg_match('/^(127\.0\.0\.1|localhost)(:\d+)?$/', $host)) { $host = '127.0.0.1'; }
define('WP_HOME', 'http://' . $host); define('WP_SITEURL', 'http://' . $host);
define('WP_ENVIRONMENT_TYPE', 'local');   // application passwords without HTTPS, as core allows for local sites
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_AUTO_UPDATE_CORE', false);
define('WP_DEBUG', false);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }
require_once ABSPATH . 'wp-settings.php';
