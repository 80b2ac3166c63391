namespace KdKernels.Kernels.Build;

/// <summary>The command line of the compiler.</summary>
/// <param name="Only">Beginning of <c>stem/name</c> of the kernels to compile; null for all.</param>
/// <param name="Ptxas">Path of the assembler; null to look for it in PATH.</param>
/// <param name="Check">Compare with what is there; write nothing.</param>
internal sealed record BuildOptions(string? Only, string? Ptxas, bool Check)
{
    public const string Usage = """
        Usage: ./kd ptx build [--only STEM/NAME] [--ptxas PATH] [--check]

        Compiles the kernels in kernels/KdKernels.Kernels to kernels/ptx, the same bytes every time.

          --only STEM/NAME   only the kernels whose stem/name begins with this
          --ptxas PATH       assembler that reports registers, stack and spills; found in PATH otherwise
          --check            write nothing; exit 1 where the committed files differ
        """;

    /// <summary>Reads the arguments after <c>build</c>.</summary>
    /// <exception cref="ArgumentException">They are wrong; the message says what was expected.</exception>
    public static BuildOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new BuildOptions(null, null, false);
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            switch (name)
            {
                case "--check":
                    options = options with { Check = true };
                    break;
                case "--only" or "--ptxas" when i + 1 == arguments.Length:
                    throw new ArgumentException($"expected a value after {name}", nameof(arguments));
                case "--only":
                    options = options with { Only = arguments[++i] };
                    break;
                case "--ptxas":
                    options = options with { Ptxas = arguments[++i] };
                    break;
                default:
                    throw new ArgumentException(
                        $"expected --only, --ptxas or --check but got '{name}'", nameof(arguments));
            }
        }

        return options;
    }

    public bool Selects(KernelVariant variant) =>
        Only is null || $"{variant.Stem}/{variant.Name}".StartsWith(Only, StringComparison.Ordinal);
}
