<?php
// Makes the site and its people; prints one JSON object {login: {id, password, application_password}}.
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require __DIR__ . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Test Site', 'admin', 'admin@example.test', true, '', 'admin-pw');
update_option('permalink_structure', '/%postname%/'); flush_rewrite_rules(false);
update_option('comment_moderation', '0'); update_option('comment_previously_approved', '0');
update_option('thread_comments_depth', 5); update_option('timezone_string', 'Pacific/Auckland');
wp_delete_comment(1, true);
$out = [];
$people = ['admin' => null, 'moderator' => 'editor', 'second' => 'editor', 'carol' => 'author', 'alice' => 'subscriber', 'bob' => 'subscriber'];
foreach ($people as $login => $role) {
    $user = get_user_by('login', $login);
    $id = $user ? $user->ID : wp_insert_user(['user_login' => $login, 'user_pass' => "$login-pw",
        'user_email' => "$login@example.test", 'display_name' => ucfirst($login), 'role' => $role]);
    [$password] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'modconsole']);
    $out[$login] = ['id' => $id, 'password' => "$login-pw", 'application_password' => $password];
}
echo 'JSON:', json_encode($out);
