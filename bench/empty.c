// SPDX-License-Identifier: MIT
/* Does nothing, and is linked with the libraries of vfioap: what starting costs at least. */
int main(void)
{
	return 0;
}
