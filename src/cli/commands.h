/* The functions behind the rows of commands.c; each parses, calls the layer below and prints. */
#pragma once

#include "cli/cli.h"

cli_command_fn cmd_admin_account_add;
cli_command_fn cmd_admin_account_list;
cli_command_fn cmd_admin_init;
cli_command_fn cmd_admin_key_create;
cli_command_fn cmd_admin_key_disable;
cli_command_fn cmd_admin_key_list;
cli_command_fn cmd_admin_key_rotate;
cli_command_fn cmd_admin_policy_attach;
cli_command_fn cmd_admin_policy_detach;
cli_command_fn cmd_admin_policy_list;
cli_command_fn cmd_admin_policy_put;
cli_command_fn cmd_admin_user_add;
cli_command_fn cmd_admin_user_disable;
cli_command_fn cmd_admin_user_enable;
cli_command_fn cmd_admin_user_list;
cli_command_fn cmd_auth_status;
cli_command_fn cmd_completion;
cli_command_fn cmd_detect;
cli_command_fn cmd_doctor;
cli_command_fn cmd_help;
cli_command_fn cmd_risk_handle;
cli_command_fn cmd_risk_list;
cli_command_fn cmd_risk_policy;
cli_command_fn cmd_risk_show;
cli_command_fn cmd_risk_summary;
cli_command_fn cmd_serve;
cli_command_fn cmd_version;
