#!/bin/bash
# Brings the password of the services' user to what /etc/rabbitmq/password says: default_pass makes the user once, when
# an empty broker starts for the first time. Run again at any time. The broker itself reads the file, so that no list of
# processes shows the password.
set -euo pipefail
rabbitmqctl --quiet await_startup --timeout 120
rabbitmqctl --quiet eval '
    {ok, Text} = file:read_file("/etc/rabbitmq/password"),
    [User, Password | _] = binary:split(Text, <<"\n">>, [global]),
    case rabbit_auth_backend_internal:user_login_authentication(User, [{password, Password}]) of
        {ok, _} ->
            in_force;
        {refused, _, _} ->
            ok = rabbit_auth_backend_internal:change_password(User, Password, <<"rabbitmq_password">>),
            changed
    end.'
