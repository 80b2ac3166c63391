using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>What every body here does.</summary>
internal static class Signature
{
    public static NotSupportedException Only(string type, [CallerMemberName] string member = "") => new(
        $"this is the signature of ILGPU's {type}.{member}; the package is needed to run it");
}
