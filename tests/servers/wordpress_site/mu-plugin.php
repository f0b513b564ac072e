<?php
// What the tests need inside the site. Everything else is WordPress as it comes.
add_filter('pre_wp_mail', '__return_true');   // no mail leaves the machine

// Hold a comment request still, before or after the row is written, so that the server can be killed right there.
function modconsole_test_pause(string $when): void {
    $control = ABSPATH . 'control/';
    if (!file_exists($control . $when)) { return; }
    file_put_contents($control . 'paused', $when);
    for ($i = 0; $i < 3000 && file_exists($control . $when); $i++) { usleep(10000); clearstatcache(); }
}
add_filter('rest_pre_insert_comment', function ($c) { modconsole_test_pause('pause-before-insert'); return $c; });
add_action('rest_insert_comment', function () { modconsole_test_pause('pause-after-insert'); });

// A site can be set up without a trash (EMPTY_TRASH_DAYS 0): the REST interface asks this filter.
add_filter('rest_comment_trashable', function ($can) { return $can && !file_exists(ABSPATH . 'control/no-trash'); });
