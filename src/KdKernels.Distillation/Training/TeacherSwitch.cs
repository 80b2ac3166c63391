using KdKernels.Core;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>
/// Which of several teachers speak in a step, and how much each counts: for every method alike. The pulse wave is the
/// policy of ASDT (IEEE TIP 34, 2025), <c>s(t) = 1[(t mod P) &lt; d·P]</c> over steps t, for the first teacher against the
/// others in turn.
/// </summary>
internal sealed class TeacherSwitch(TeacherSwitchRecipe recipe, ulong seed)
{
    // "swch" in ASCII.
    private const uint Purpose = 0x73776368;

    /// <summary>Shares of the teachers of a step; they add up to 1.</summary>
    /// <param name="steps">One per teacher. Only <see cref="TeacherPolicy.Confidence"/> runs the teachers.</param>
    /// <param name="epoch">Epochs done: the duty may follow a schedule.</param>
    /// <param name="step">Steps done.</param>
    public double[] Shares(IReadOnlyList<MethodStep> steps, double epoch, long step)
    {
        int count = steps.Count;
        if (count <= 1)
        {
            return count == 0 ? [] : [1];
        }

        return recipe.Policy == TeacherPolicy.Average
            ? [.. Enumerable.Repeat(1.0 / count, count)]
            : One(recipe.Policy == TeacherPolicy.Confidence ? MostConfident(steps) : Choose(count, epoch, step), count);
    }

    /// <summary>The teacher of a step, for the policies that do not look at outputs.</summary>
    /// <exception cref="InvalidOperationException">The policy needs the teachers' outputs, or names no single one.</exception>
    public int Choose(int count, double epoch, long step) => recipe.Policy switch
    {
        TeacherPolicy.PulseWidth => Pulse(count, epoch, step),
        TeacherPolicy.RoundRobin => (int)(step % count),
        TeacherPolicy.Random => new PhiloxSequence(seed, Purpose, (uint)step).NextInt32(count),
        _ => throw new InvalidOperationException($"{recipe.Policy} does not choose by the step alone"),
    };

    private static double[] One(int chosen, int count)
    {
        double[] shares = new double[count];
        shares[chosen] = 1;
        return shares;
    }

    private int Pulse(int count, double epoch, long step)
    {
        long period = step / recipe.Period;
        bool first = step % recipe.Period < recipe.Duty.At(epoch) * recipe.Period;
        return first ? 0 : 1 + (int)(period % (count - 1));
    }

    // The mean of the largest probability, over the batch.
    private static int MostConfident(IReadOnlyList<MethodStep> steps)
    {
        // The teachers' passes stay for the methods, so that this opens no dispose scope of its own.
        Tensor[] means =
        [
            .. steps.Select(step => nn.functional.softmax(step.Task.ClassRows(step.Teacher.Output), 1).amax([1L]).mean()),
        ];
        return (int)stack(means).argmax().cpu().item<long>();
    }
}
