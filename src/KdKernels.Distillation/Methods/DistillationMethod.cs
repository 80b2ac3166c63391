using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>
/// A method in one training of one student. It is made before the training, when it checks that the networks fit it, and
/// then asked for its terms batch by batch.
/// </summary>
internal abstract class DistillationMethod : IDisposable
{
    /// <summary>Modules of the student whose outputs it reads; hooks take them from the student's own forward pass.</summary>
    public virtual IReadOnlyList<string> StudentTaps => [];

    /// <summary>Modules of the teacher whose outputs it reads.</summary>
    public virtual IReadOnlyList<string> TeacherTaps => [];

    /// <summary>What it has of its own: adapters, heads and variances, which train with the student, and buffers such as a
    /// memory bank. In checkpoints under the method's name.</summary>
    public virtual nn.Module? Parts => null;

    /// <summary>Those of its parameters that weight decay would harm.</summary>
    public virtual IReadOnlyList<Parameter> Undecayed => [];

    /// <summary>What it puts on top of the teacher, trained once before the students and then frozen.</summary>
    public virtual nn.Module? TeacherParts => null;

    /// <summary>The terms of a batch's loss. Runs inside the step's dispose scope.</summary>
    public abstract IReadOnlyList<LossTerm> Terms(MethodStep step);

    /// <summary>The loss that trains <see cref="TeacherParts"/>.</summary>
    public virtual IReadOnlyList<LossTerm> TeacherTerms(MethodStep step) =>
        throw new InvalidOperationException("this method trains nothing on top of its teacher");

    /// <summary>After the optimiser's step: banks move here.</summary>
    public virtual void StepDone(MethodStep step)
    {
    }

    /// <summary>What it has to say about the trained student, by name: measured once after the last epoch, and kept with the
    /// student's result.</summary>
    public virtual IReadOnlyDictionary<string, double> Figures() => new Dictionary<string, double>(StringComparer.Ordinal);

    public void Dispose()
    {
        Parts?.Dispose();
        TeacherParts?.Dispose();
        GC.SuppressFinalize(this);
    }
}
