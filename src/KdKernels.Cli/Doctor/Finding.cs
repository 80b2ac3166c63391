namespace KdKernels.Cli.Doctor;

/// <summary>One thing that was looked for.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Present">It is there and works.</param>
/// <param name="Needed">Without it, nothing can be trained.</param>
/// <param name="Detail">Version and place, or why it is not there.</param>
/// <param name="Remedy">What to do where it is missing; empty otherwise.</param>
internal sealed record Finding(string Name, bool Present, bool Needed, string Detail, string Remedy = "")
{
    public static Finding Ok(string name, string detail) => new(name, Present: true, Needed: false, detail);

    public static Finding Missing(string name, string detail, string remedy)
        => new(name, Present: false, Needed: false, detail, remedy);
}

/// <summary>What <c>kd doctor --json</c> prints.</summary>
/// <param name="Ok">Training on the CPU works.</param>
/// <param name="Checks">Every finding.</param>
internal sealed record DoctorOutcome(bool Ok, IReadOnlyList<Finding> Checks);
