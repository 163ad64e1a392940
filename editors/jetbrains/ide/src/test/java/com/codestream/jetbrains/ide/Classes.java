package com.codestream.jetbrains.ide;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.objectweb.asm.AnnotationVisitor;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** What class files say about the classes that they use: types, members and descriptors. */
final class Classes {
    private static final int API = Opcodes.ASM9;

    private final Predicate<String> foreign;
    private final Map<String, Set<String>> uses = new TreeMap<>();
    private final Set<String> interfaces = new TreeSet<>();

    private Classes(Predicate<String> foreign) {
        this.foreign = foreign;
    }

    /** Uses of foreign classes by the class files below a folder: class to members; a class that is only named has none. */
    static Classes usedBy(Path folder, Predicate<String> foreign) {
        var found = new Classes(foreign);
        try (var files = Files.walk(folder)) {
            files.filter(file -> file.toString().endsWith(".class")).forEach(found::read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    Map<String, Set<String>> uses() {
        return uses;
    }

    /** Whether a class is called as an interface is, which is another instruction than for a class. */
    boolean isInterface(String name) {
        return interfaces.contains(name);
    }

    private void read(Path file) {
        try {
            new ClassReader(Files.readAllBytes(file)).accept(new Visitor(), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void type(Type type) {
        switch (type.getSort()) {
            case Type.ARRAY -> type(type.getElementType());
            case Type.OBJECT -> owner(type.getInternalName());
            case Type.METHOD -> {
                type(type.getReturnType());
                for (var argument : type.getArgumentTypes()) {
                    type(argument);
                }
            }
            default -> {
                // A primitive.
            }
        }
    }

    private Set<String> owner(String internal) {
        var name = internal.replace('/', '.');
        return foreign.test(name) ? uses.computeIfAbsent(name, one -> new TreeSet<>()) : new TreeSet<>();
    }

    private void markInterface(String internal) {
        interfaces.add(internal.replace('/', '.'));
    }

    /** The foreign methods that a class overrides, by the declarations that it was compiled against. */
    private void overridden(String internal) {
        try {
            var type = Class.forName(internal.replace('/', '.'), false, Classes.class.getClassLoader());
            for (var above : supertypes(type)) {
                for (var method : above.getDeclaredMethods()) {
                    if (declares(type, method)) {
                        owner(Type.getInternalName(above))
                                .add("overridden " + method.getName() + " " + Type.getMethodDescriptor(method));
                    }
                }
            }
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private Set<Class<?>> supertypes(Class<?> type) {
        Set<Class<?>> all = new LinkedHashSet<>();
        var direct = new ArrayList<Class<?>>(List.of(type.getInterfaces()));
        if (type.getSuperclass() != null) {
            direct.add(type.getSuperclass());
        }
        for (var one : direct) {
            if (foreign.test(one.getName())) {
                all.add(one);
                all.addAll(supertypes(one));
            }
        }
        return all;
    }

    private static boolean declares(Class<?> type, Method method) {
        try {
            type.getDeclaredMethod(method.getName(), method.getParameterTypes());
            return true;
        } catch (NoSuchMethodException inherited) {
            return false;
        }
    }

    private void member(String owner, String name, String descriptor) {
        owner(owner).add(name + " " + descriptor);
        type(Type.getType(descriptor));
    }

    private AnnotationVisitor annotation(String descriptor) {
        var name = Type.getType(descriptor).getInternalName();
        owner(name);
        return new AnnotationVisitor(API) {
            @Override
            public void visit(String member, Object value) {
                if (member != null) {
                    owner(name).add(member + " ()" + Type.getDescriptor(value.getClass()));
                }
            }

            @Override
            public AnnotationVisitor visitArray(String member) {
                owner(name).add(member + " ()[]");
                return this;
            }

            @Override
            public AnnotationVisitor visitAnnotation(String member, String nested) {
                return annotation(nested);
            }
        };
    }

    private final class Visitor extends ClassVisitor {
        Visitor() {
            super(API);
        }

        @Override
        public void visit(
                int version, int access, String name, String signature, String superName, String[] interfaces) {
            owner(superName);
            for (var one : interfaces) {
                owner(one);
                markInterface(one);
            }
            overridden(name);
        }

        @Override
        public AnnotationVisitor visitAnnotation(String descriptor, boolean visible) {
            return annotation(descriptor);
        }

        @Override
        public FieldVisitor visitField(int access, String name, String descriptor, String signature, Object value) {
            type(Type.getType(descriptor));
            return null;
        }

        @Override
        public MethodVisitor visitMethod(
                int access, String name, String descriptor, String signature, String[] exceptions) {
            type(Type.getMethodType(descriptor));
            return new Code();
        }
    }

    private final class Code extends MethodVisitor {
        Code() {
            super(API);
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
            if (foreign.test(owner.replace('/', '.'))) {
                member(owner, (opcode == Opcodes.INVOKESTATIC ? "static " : "") + name, descriptor);
                if (isInterface) {
                    markInterface(owner);
                }
            }
        }

        @Override
        public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
            if (foreign.test(owner.replace('/', '.'))) {
                var isStatic = opcode == Opcodes.GETSTATIC || opcode == Opcodes.PUTSTATIC;
                member(owner, (isStatic ? "static " : "") + name, descriptor);
            }
        }

        @Override
        public void visitTypeInsn(int opcode, String type) {
            type(Type.getObjectType(type));
        }

        @Override
        public void visitLdcInsn(Object value) {
            if (value instanceof Type type) {
                type(type);
            }
        }

        @Override
        public void visitInvokeDynamicInsn(String name, String descriptor, Handle factory, Object... arguments) {
            type(Type.getMethodType(descriptor));
            var made = Type.getReturnType(descriptor).getInternalName();
            if (foreign.test(made.replace('/', '.')) && arguments[0] instanceof Type method) {
                // A lambda is an implementation too.
                owner(made).add("overridden " + name + " " + method.getDescriptor());
                markInterface(made);
            }
            for (var argument : arguments) {
                if (argument instanceof Handle handle
                        && foreign.test(handle.getOwner().replace('/', '.'))) {
                    member(handle.getOwner(), handle.getName(), handle.getDesc());
                } else if (argument instanceof Type type) {
                    type(type);
                }
            }
        }
    }
}
