// SPDX-License-Identifier: Apache-2.0
#include "agent/here.h"

#include "agent/agent.h"

static size_t learned(const void *names, const char *host, struct fw_addr *ret, size_t most)
{
	return fw_server_names_learned(names, host, ret, most);
}

bool fw_here(const struct fw_agent *agent, const struct fw_policy *policy,
	     struct fw_interface **ret_interfaces, struct fw_check_here *ret)
{
	*ret = (struct fw_check_here){.ssh_ports = agent->spared.ssh_ports,
				      .ssh_port_count = agent->spared.ssh_port_count,
				      .addresses = learned,
				      .context = &agent->spared.names};
	if (fw_interfaces_wanted(agent, policy, ret_interfaces, &ret->interface_count) ||
	    !ret->interface_count)
		return false;
	ret->interfaces = *ret_interfaces;
	return true;
}
