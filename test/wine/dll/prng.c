// SPDX-License-Identifier: Apache-2.0

// Wine before 9 lacks bcryptprimitives.dll, in which Go's runtime looks for ProcessPrng.
// This is that function, by the older one of advapi32 (RtlGenRandom).

#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
	return SystemFunction036(data, (ULONG)size);
}
