namespace KdKernels.PtxVerify;

/// <summary>The command line.</summary>
/// <param name="Json">One line of JSON instead of the table.</param>
/// <param name="Only">Beginning of <c>stem/name</c> of the kernels to run; null for all.</param>
internal sealed record VerifyOptions(bool Json, string? Only)
{
    public const string Usage = """
        Usage: ./kd ptx verify [--json] [--only STEM/NAME]

        Runs the committed PTX in the emulator, against the oracles, and counts what it moves.

          --json             one line of JSON instead of the table
          --only STEM/NAME   only the kernels whose stem/name begins with this
        """;

    /// <exception cref="ArgumentException">The arguments are wrong; the message says what was expected.</exception>
    public static VerifyOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new VerifyOptions(false, null);
        for (int i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                "--json" => options with { Json = true },
                "--only" when i + 1 < arguments.Length => options with { Only = arguments[++i] },
                "--only" => throw new ArgumentException("expected a value after --only"),
                _ => throw new ArgumentException($"expected --json or --only but got '{arguments[i]}'"),
            };
        }

        return options;
    }
}
