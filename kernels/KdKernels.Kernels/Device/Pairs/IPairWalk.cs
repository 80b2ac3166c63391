using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>How a group gets at the classes of its row, as often as it takes. All threads call the methods together.</summary>
public interface IPairWalk<TGroup>
    where TGroup : struct, IGroup
{
    /// <summary>The label's logits, where the term has a label.</summary>
    float LabelTeacher { get; }

    float LabelStudent { get; }

    /// <summary>The sums of the whole row.</summary>
    KlSums Sum(ref TGroup group, float scale);

    /// <summary>Shows this thread's classes to a visitor. Each walk of a row has another <paramref name="phase"/>.</summary>
    void Each<TVisitor>(ref TVisitor visitor, int phase)
        where TVisitor : struct, IPairVisitor;

    /// <summary>Writes the gradient that a map makes of this thread's classes.</summary>
    void Store<TMap>(ref TMap map, int phase)
        where TMap : struct, ILabelMap;
}
